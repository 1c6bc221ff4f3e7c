import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from './log.ts'
import { deny } from './sockets/upgrade.ts'

/** The slowest honest peer sends its headers and body well within these. */
const SERVER_LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
  /** How often the timeouts above are looked at: Node's 30 s would make 40 s of the ten. */
  connectionsCheckingInterval: 1_000,
}
/** The carrier sends a dozen, a browser behind two proxies some thirty. */
const MAX_HEADERS = 100

export interface WebServerOptions {
  readonly answer: RequestListener
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly logger: Logger
}

/** The one port at which everybody asks: the carrier, the application, whoever looks. */
export class WebServer {
  readonly #server: Server
  readonly #logger: Logger

  constructor({ answer, upgrade, logger }: WebServerOptions) {
    this.#logger = logger
    this.#server = createServer(SERVER_LIMITS, (request, response) => {
      if (!hasTooManyHeaders(request)) return answer(request, response)
      response.writeHead(431, { Connection: 'close' }).end()
    })
    // By itself Node passes over what is beyond, and tells nobody: one more than there may be shows that there was more.
    this.#server.maxHeadersCount = MAX_HEADERS + 1
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (hasTooManyHeaders(request)) deny(socket, 431)
      else upgrade(request, socket, head)
    })
  }

  /** Rejects when the port is taken; 0: any free one. */
  listen(host: string, port: number): Promise<{ host: string; port: number; url: string }> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, host, () => {
        server.off('error', reject)
        // An accept that fails (too many open files, say) is one caller's trouble, not the end of everybody's call.
        server.on('error', (error) => this.#logger.error({ err: error }, 'the HTTP server failed'))
        const address = server.address() as AddressInfo
        const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
        resolve({ host, port: address.port, url: `http://${name}:${address.port}` })
      })
    })
  }

  async close(): Promise<void> {
    const server = this.#server
    if (!server.listening) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeIdleConnections()
    // A request that is still being answered gets a moment; a peer that never reads its answer does not hold us up.
    const patience = setTimeout(() => server.closeAllConnections(), 1_000)
    await closed
    clearTimeout(patience)
  }
}

/** @param request has names and values in turn. */
function hasTooManyHeaders({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.length > 2 * MAX_HEADERS
}
