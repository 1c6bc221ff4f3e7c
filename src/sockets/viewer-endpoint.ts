import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { INSPECTOR_PATH, type ViewerSession } from '../viewer-session.ts'
import { AcceptedSockets } from './accepted-sockets.ts'
import { deny, pathOf } from './upgrade.ts'
import { ViewerConnection, type ViewerConnectionOptions } from './viewer-connection.ts'

const PATH = `${INSPECTOR_PATH}/socket`
/** Each of them is told what happens in a call that is being carried: beyond a team of people it costs that call. */
const MAX_VIEWERS = 16

/** A page says what it wants to watch, and nothing else. */
const MAX_MESSAGE_BYTES = 4 * 1024

export interface ViewerEndpointOptions extends ViewerConnectionOptions {
  readonly session: ViewerSession
  /** At most so many sockets at once (16). */
  readonly maxViewers?: number
}

/** `GET /inspector/socket`: only who may look becomes a WebSocket. Owns the sockets it opened, until `close`. */
export class ViewerEndpoint {
  readonly #options: ViewerEndpointOptions
  readonly #sockets = new AcceptedSockets<ViewerConnection>(MAX_MESSAGE_BYTES)

  constructor(options: ViewerEndpointOptions) {
    this.#options = options
  }

  /** Whether an upgrade is for here; every other one is the media endpoint's, to take or to refuse. */
  matches(request: IncomingMessage): boolean {
    return pathOf(request) === PATH
  }

  /** What the HTTP server's `upgrade` listener does with a request that `matches`. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { session, maxViewers = MAX_VIEWERS, logger } = this.#options
    const objection = session.objectionTo('watch', request.headers)
    if (objection !== undefined) {
      logger.warn({ code: objection.code }, `inspector socket refused: ${objection.detail}`)
      return deny(socket, objection.status, objection.detail)
    }
    if (this.#sockets.size >= maxViewers) {
      const detail = `expected at most ${maxViewers} viewers at once, got one more`
      logger.warn(`inspector socket refused: ${detail}`)
      return deny(socket, 503, detail)
    }
    this.#sockets.accept({ request, socket, head }, (webSocket) => new ViewerConnection(webSocket, this.#options))
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Closes every socket that is still open (1001, going away). */
  close(): void {
    this.#sockets.close()
  }
}
