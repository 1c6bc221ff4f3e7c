import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** The path that an upgrade asks for, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? ''
}

/**
 * Answers an upgrade with a plain HTTP status, before `101`.
 * @param retryAfter in seconds: when it is worth trying again.
 */
export function deny(socket: Duplex, status: number, detail = '', retryAfter?: number): void {
  socket.on('error', () => {})
  // A peer that does not close its half would hold the socket for ever.
  socket.once('finish', () => socket.destroy())
  const body = Buffer.from(detail)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    ...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
    ...(body.length > 0 ? ['Content-Type: text/plain; charset=utf-8', 'X-Content-Type-Options: nosniff'] : []),
    `Content-Length: ${body.length}`,
  ]
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]))
}
