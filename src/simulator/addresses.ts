/**
 * A server's public address and where it really listens. Signatures are computed over the public one; the bytes go to
 * the other, so that a server which believes in `https://example.test` can be tried on a loopback port.
 */

import { isLoopback as isLoopbackHost } from '../loopback.ts'

export type Reach = Readonly<Record<string, string>>

/** The URL to connect to for a public `http(s)` or `ws(s)` URL. Keys and values of `reach` are http(s) origins. */
export function reachable(publicUrl: string, reach: Reach): string {
  const url = new URL(publicUrl)
  const isSocket = url.protocol.startsWith('ws')
  const origin = isSocket ? `${url.protocol.replace('ws', 'http')}//${url.host}` : url.origin
  const actual = reach[origin]
  if (actual === undefined) return publicUrl
  const base = new URL(actual)
  const protocol = isSocket ? base.protocol.replace('http', 'ws') : base.protocol
  return `${protocol}//${base.host}${url.pathname}${url.search}`
}

/** Resolves a possibly relative address of a TwiML document, against the URL it came from. Absolute ones stay as written. */
export function absolute(address: string, documentUrl: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(address) ? address : new URL(address, documentUrl).href
}

/** The same for a media stream's address, whose scheme is that of a socket. */
export function absoluteSocket(address: string, documentUrl: string): string {
  return address === absolute(address, documentUrl) ? address : absolute(address, documentUrl).replace(/^http/, 'ws')
}

export function isLoopback(url: string): boolean {
  return isLoopbackHost(new URL(url).hostname)
}
