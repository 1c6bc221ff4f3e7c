/** A carrier's media stream as the media plane sees it. Whoever holds the socket implements it. */
export interface StreamPort {
  readonly streamSid: string
  /** Bytes handed to the socket that the network has not taken yet. */
  bufferedBytes(): number
  /** `mulaw` is only valid during the call: its buffer is reused. */
  sendMedia(mulaw: Uint8Array): void
  /** Asks the carrier to echo `name` once everything sent before has been played, or was cleared. */
  sendMark(name: string): void
  /** Empties the carrier's playout buffer. */
  sendClear(): void
  /** Ends the socket. Idempotent. */
  close(): void
}
