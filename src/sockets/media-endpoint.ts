import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { STREAM_PATH } from '../endpoints.ts'
import { createUpgradeVerifier } from '../twilio/signature.ts'
import { AcceptedSockets } from './accepted-sockets.ts'
import { MediaConnection, type MediaConnectionOptions } from './media-connection.ts'
import { deny, pathOf } from './upgrade.ts'
import { UpgradeLimits, type UpgradeLimitsOptions } from './upgrade-limits.ts'

/** Five seconds of audio as base64, many times what a carrier sends in one message. */
export const MAX_MESSAGE_BYTES = 64 * 1024

export interface MediaEndpointOptions extends MediaConnectionOptions {
  readonly publicUrl: string
  /** Auth tokens that may have signed the upgrade. */
  readonly tokens: readonly string[]
  /** How many sockets may wait for their `start`; as {@link UpgradeLimits} has it unless told. */
  readonly limits?: Pick<UpgradeLimitsOptions, 'waitingPerAddress' | 'waitingInAll'>
}

/** `GET /ws`: only what the carrier signed becomes a WebSocket. Owns the sockets it opened, until `close`. */
export class MediaEndpoint {
  readonly #options: MediaEndpointOptions
  readonly #isSigned: (signature?: string) => boolean
  readonly #limits: UpgradeLimits
  readonly #sockets = new AcceptedSockets<MediaConnection>(MAX_MESSAGE_BYTES)

  constructor(options: MediaEndpointOptions) {
    const { publicUrl, tokens, clock, limits } = options
    this.#options = options
    this.#limits = new UpgradeLimits({ clock, ...limits })
    this.#isSigned = createUpgradeVerifier({ publicUrl, path: STREAM_PATH, tokens })
  }

  /** The HTTP server's `upgrade` listener. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = pathOf(request)
    if (path !== STREAM_PATH && path !== `${STREAM_PATH}/`) return deny(socket, 404)
    if (!this.#isSigned(signatureOf(request))) {
      this.#options.logger.warn({ path }, 'media socket refused: expected a valid X-Twilio-Signature')
      this.#options.telemetry?.signatureFailed()
      return deny(socket, 403)
    }
    const place = this.#limits.take(request.socket.remoteAddress)
    if ('refused' in place) {
      this.#options.logger.warn(`media socket refused: ${place.refused}`)
      return deny(socket, 503, place.refused, place.retryAfter)
    }
    // What is no handshake after all never becomes a connection; its socket goes like any other.
    socket.once('close', place.closed)
    const options = { ...this.#options, onAdmitted: place.admitted }
    const connect = (webSocket: WebSocket) => new MediaConnection(webSocket, socket, options)
    this.#sockets.accept({ request, socket, head }, connect)
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Closes every socket that is still open (1001, going away). */
  close(): void {
    this.#sockets.close()
  }
}

function signatureOf({ headers }: IncomingMessage): string | undefined {
  const header = headers['x-twilio-signature']
  return typeof header === 'string' ? header : undefined
}
