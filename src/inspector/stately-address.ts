import { randomUUID } from 'node:crypto'
import { isLoopback } from '../loopback.ts'

/** An inspector that understands the messages of `@statelyai/inspect`: Stately's own, or whoever listens at a socket. */
export interface StatelyAddress {
  readonly socketUrl: string
  /** Where a person looks; absent where that is the listener's business. */
  readonly pageUrl?: string
  /** A message in the form it is expected in there. */
  encode(message: object): string
}

/**
 * Where `createSkyInspector` of version 0.7.2 sends to, and in its form, which is superjson's. It is not called itself: it
 * cannot be closed, queues without bound, and its socket brings the process down when the service does not answer.
 */
const SERVICE = 'wss://stately-sky-beta.mellson.partykit.dev/party'
const PAGES = 'https://stately.ai/registry/inspect'

/** A session of its own at Stately's service. Whoever knows its address may look: it is as good as a password. */
export function hostedInspector(newId: () => string = randomUUID): StatelyAddress {
  const session = readableId(newId)
  return {
    socketUrl: `${SERVICE}/inspect-${session}?_pk=${newId()}`,
    pageUrl: `${PAGES}/${session}`,
    encode: (message) => JSON.stringify({ json: message }),
  }
}

/** @param socketUrl one that {@link isInspectorUrl}. */
export function inspectorAt(socketUrl: string): StatelyAddress {
  return { socketUrl, encode: (message) => JSON.stringify(message) }
}

/** `wss://`, or `ws://` on a loopback host: calls leave this machine encrypted or not at all. */
export function isInspectorUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, hash } = new URL(text)
  if (username !== '' || password !== '' || hash !== '') return false
  return protocol === 'wss:' || (protocol === 'ws:' && isLoopback(hostname))
}

/** The log takes eight digits in a row for somebody's telephone number, and would mask them in the address. */
function readableId(newId: () => string): string {
  const id = newId()
  return /\d{8}/.test(id) ? readableId(newId) : id
}
