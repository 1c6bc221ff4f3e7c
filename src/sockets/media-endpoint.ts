import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { STREAM_PATH } from '../endpoints.ts'
import { verifyUpgrade } from '../twilio/signature.ts'
import { AcceptedSockets } from './accepted-sockets.ts'
import { MediaConnection, type MediaConnectionOptions } from './media-connection.ts'
import { deny, pathOf } from './upgrade.ts'

/** Five seconds of audio as base64, many times what a carrier sends in one message. */
export const MAX_MESSAGE_BYTES = 64 * 1024

export interface MediaEndpointOptions extends MediaConnectionOptions {
  readonly publicUrl: string
  /** Auth tokens that may have signed the upgrade. */
  readonly tokens: readonly string[]
}

/** `GET /ws`: only what the carrier signed becomes a WebSocket. Owns the sockets it opened, until `close`. */
export class MediaEndpoint {
  readonly #options: MediaEndpointOptions
  readonly #sockets = new AcceptedSockets<MediaConnection>(MAX_MESSAGE_BYTES)

  constructor(options: MediaEndpointOptions) {
    this.#options = options
  }

  /** The HTTP server's `upgrade` listener. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = pathOf(request)
    if (path !== STREAM_PATH && path !== `${STREAM_PATH}/`) return deny(socket, 404)
    if (!this.#isSigned(request)) {
      this.#options.logger.warn({ path }, 'media socket refused: expected a valid X-Twilio-Signature')
      return deny(socket, 403)
    }
    const connect = (webSocket: WebSocket) => new MediaConnection(webSocket, socket, this.#options)
    this.#sockets.accept({ request, socket, head }, connect)
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Closes every socket that is still open (1001, going away). */
  close(): void {
    this.#sockets.close()
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
