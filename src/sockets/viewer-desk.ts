/** Where somebody who looks at the inspector turns to. */
export interface ViewerDesk {
  open(port: ViewerPort): Viewer
}

/** What the inspector hears of one viewer. What it throws ends that viewer's socket, and no more. */
export interface Viewer {
  receive(text: string): void
  /** The socket is gone, whoever closed it; told once, and nothing comes after it. */
  closed(): void
}

/** One viewer's socket as the inspector writes to it. Once it is closed, nothing is sent and nobody minds. */
export interface ViewerPort {
  /** Nothing is held back for a viewer that does not read: look at `bufferedBytes` before. */
  send(text: string): void
  /** Sent and not yet taken by the network. */
  bufferedBytes(): number
  /** @param reason is cut at what a close frame can carry. */
  close(code: number, reason: string): void
}
