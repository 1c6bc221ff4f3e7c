import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { STREAM_PATH } from '../endpoints.ts'
import { verifyUpgrade } from '../twilio/signature.ts'
import { CLOSE_TIMEOUT_MS, MediaConnection, type MediaConnectionOptions } from './media-connection.ts'
import { deny, pathOf } from './upgrade.ts'

/** Five seconds of audio as base64, many times what a carrier sends in one message. */
export const MAX_MESSAGE_BYTES = 64 * 1024

const SOCKET_OPTIONS = {
  noServer: true,
  maxPayload: MAX_MESSAGE_BYTES,
  // Compressing 160 bytes of noise-like audio costs several times the rest of the frame.
  perMessageDeflate: false,
  // A peer that says goodbye and keeps its connection: by itself the library tells us half a minute later.
  closeTimeout: CLOSE_TIMEOUT_MS,
}

export interface MediaEndpointOptions extends MediaConnectionOptions {
  readonly publicUrl: string
  /** Auth tokens that may have signed the upgrade. */
  readonly tokens: readonly string[]
}

/** `GET /ws`: only what the carrier signed becomes a WebSocket. Owns the sockets it opened, until `close`. */
export class MediaEndpoint {
  readonly #options: MediaEndpointOptions
  readonly #server: WebSocketServer
  readonly #connections = new Set<MediaConnection>()

  constructor(options: MediaEndpointOptions) {
    this.#options = options
    this.#server = new WebSocketServer(SOCKET_OPTIONS)
  }

  /** The HTTP server's `upgrade` listener. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = pathOf(request)
    if (path !== STREAM_PATH && path !== `${STREAM_PATH}/`) return deny(socket, 404)
    if (!this.#isSigned(request)) {
      this.#options.logger.warn({ path }, 'media socket refused: expected a valid X-Twilio-Signature')
      return deny(socket, 403)
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new MediaConnection(webSocket, socket, this.#options)
      this.#connections.add(connection)
      webSocket.once('close', () => this.#connections.delete(connection))
    })
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Closes every socket that is still open (1001, going away). */
  close(): void {
    for (const connection of this.#connections) connection.close(1001, 'the server is stopping')
    this.#server.close()
  }

  #isSigned(request: IncomingMessage): boolean {
    const header = request.headers['x-twilio-signature']
    return verifyUpgrade({
      publicUrl: this.#options.publicUrl,
      path: STREAM_PATH,
      signature: typeof header === 'string' ? header : undefined,
      tokens: this.#options.tokens,
    })
  }
}
