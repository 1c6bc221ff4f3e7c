/** A carrier's REST interface that says whatever a test tells it to, over real HTTP, and remembers what it was asked. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type FormParams, parseFormBody } from '../../src/twilio/webhooks.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: FormParams
  readonly authorization: string
  readonly contentType: string
  readonly form: FormParams
}

export type Reply = (response: ServerResponse, request: IncomingMessage) => void

export interface CarrierServer {
  readonly url: string
  readonly asked: Asked[]
  /** How many requests are still open. */
  open(): number
  close(): Promise<void>
}

export function json(status: number, body: object, headers: Record<string, string> = {}): Reply {
  return text(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers })
}

export function text(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return (response) => void response.writeHead(status, headers).end(body)
}

/** Starts a server on loopback that gives the replies in turn, and the last one from then on. */
export async function startCarrierServer(...replies: readonly [Reply, ...Reply[]]): Promise<CarrierServer> {
  const asked: Asked[] = []
  let open = 0
  const server = createServer((request, response) => {
    open += 1
    response.on('close', () => (open -= 1))
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const reply = replies[Math.min(asked.length, replies.length - 1)] ?? replies[0]
      asked.push(describe(request, Buffer.concat(chunks).toString()))
      reply(response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    open: () => open,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function describe(request: IncomingMessage, body: string): Asked {
  const url = new URL(request.url ?? '/', 'http://carrier.invalid')
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: parseFormBody(url.search.slice(1)),
    authorization: request.headers.authorization ?? '',
    contentType: request.headers['content-type'] ?? '',
    form: parseFormBody(body),
  }
}
