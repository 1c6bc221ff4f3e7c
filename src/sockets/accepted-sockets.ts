import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

/** How long a peer may take over its side of a close before the socket is cut. */
export const CLOSE_TIMEOUT_MS = 2_000

const OPTIONS = {
  noServer: true,
  // Compressing 160 bytes of noise-like audio costs several times the rest of the frame.
  perMessageDeflate: false,
  // Whoever was let in is in the set below.
  clientTracking: false,
  // A peer that says goodbye and keeps its connection: by itself the library tells us half a minute later.
  closeTimeout: CLOSE_TIMEOUT_MS,
}

interface Closable {
  close(code: number, reason: string): void
}

/** The sockets that an endpoint has let in, each until it is closed; an endpoint has one of these. */
export class AcceptedSockets<Connection extends Closable> {
  readonly #server: WebSocketServer
  readonly #connections = new Set<Connection>()

  /** @param maxPayload bytes that a message may have; past them the socket is closed (1009). */
  constructor(maxPayload: number) {
    this.#server = new WebSocketServer({ ...OPTIONS, maxPayload })
  }

  get size(): number {
    return this.#connections.size
  }

  /** Answers the upgrade with `101`, and gives the WebSocket to `connect` in the same turn. */
  accept(
    { request, socket, head }: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
    connect: (webSocket: WebSocket) => Connection,
  ): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#keep(connect(webSocket), webSocket))
  }

  /** Closes every socket that is still open (1001, going away). */
  close(): void {
    for (const connection of this.#connections) connection.close(1001, 'the server is stopping')
    this.#server.close()
  }

  #keep(connection: Connection, webSocket: WebSocket): void {
    this.#connections.add(connection)
    webSocket.on('close', () => this.#connections.delete(connection))
  }
}
