/**
 * The few TwiML documents a call needs, to the character as the SDK's builder writes them, which takes twenty times as
 * long. What that does not check is checked here, because Twilio would answer a mistake by hanging up on somebody.
 * https://www.twilio.com/docs/voice/twiml/stream
 */

import { ProtocolError } from '../errors.ts'

export interface ConnectStream {
  /** `wss://` (`ws://` on loopback), without a query: Twilio refuses or strips one. */
  readonly streamUrl: string
  /** Asked, by POST, when the stream has ended; its answer is what happens next to the call. */
  readonly actionUrl: string
  /** Told, by POST, that the stream started, stopped or failed: the only news of a failed handshake. */
  readonly statusCallbackUrl?: string
  /** Arrive as `customParameters` of `start`. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Twilio's limit is on the name and the value together, and excludes this number itself. */
const PARAMETER_LIMIT = 500

/**
 * Hands the call's audio to a media socket, both ways, until the socket closes.
 * Throws ProtocolError TWIML_INVALID for a URL or a parameter that Twilio would not take.
 */
export function connectStreamTwiml(wanted: ConnectStream): string {
  const { streamUrl, actionUrl, statusCallbackUrl, parameters } = wanted
  expectUrl('the stream URL', streamUrl, /^wss?:\/\/[^\s?#]+$/, 'wss:// and no query')
  expectUrl('the action URL', actionUrl, /^https?:\/\/\S+$/, 'an absolute http(s) URL')
  if (statusCallbackUrl !== undefined) {
    expectUrl('the status callback URL', statusCallbackUrl, /^https?:\/\/\S+$/, 'an absolute http(s) URL')
  }
  const stream = element(
    'Stream',
    {
      url: streamUrl,
      ...(statusCallbackUrl !== undefined && { statusCallback: statusCallbackUrl, statusCallbackMethod: 'POST' }),
    },
    Object.entries(parameters).map(parameterElement).join(''),
  )
  return response(element('Connect', { action: actionUrl, method: 'POST' }, stream))
}

/** Ends the call. */
export function hangupTwiml(): string {
  return response(element('Hangup'))
}

/** Declines an incoming call without answering it, hence without charge: a busy tone, or "not in service". */
export function rejectTwiml(reason: 'busy' | 'rejected'): string {
  return response(element('Reject', { reason }))
}

function response(verb: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${element('Response', {}, verb)}`
}

function element(name: string, attributes: Readonly<Record<string, string>> = {}, content = ''): string {
  let tag = `<${name}`
  for (const [key, value] of Object.entries(attributes)) tag += ` ${key}="${escaped(value)}"`
  return content === '' ? `${tag}/>` : `${tag}>${content}</${name}>`
}

/** White space among them: whoever reads an attribute takes it for a blank unless it is escaped. */
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

function escaped(value: string): string {
  return value.replaceAll(/[&<"\t\n\r]/g, (character) => ESCAPES[character] ?? character)
}

function parameterElement([name, value]: readonly [string, string]): string {
  expectParameter(name, value)
  return element('Parameter', { name, value })
}

/** Throws ProtocolError TWIML_INVALID unless `url` fits `pattern` and XML can carry it. */
export function expectUrl(what: string, url: string, pattern: RegExp, expected: string): void {
  if (pattern.test(url) && isXmlText(url)) return
  throw new ProtocolError(
    'TWIML_INVALID',
    `expected ${what} to be ${expected}, got ${JSON.stringify(url.slice(0, 80))}`,
  )
}

/** The messages name the parameter and never quote its value, which may be a secret. */
function expectParameter(name: string, value: string): void {
  const what = `expected parameter ${JSON.stringify(name.slice(0, 80))}`
  if (name === '') throw new ProtocolError('TWIML_INVALID', 'expected a parameter to have a name, got an empty one')
  if (!isXmlText(name) || !isXmlText(value)) {
    throw new ProtocolError('TWIML_INVALID', `${what} to be text that XML can carry, got control characters`)
  }
  const length = name.length + value.length
  if (length >= PARAMETER_LIMIT) {
    const limit = `to have fewer than ${PARAMETER_LIMIT} characters in name and value`
    throw new ProtocolError('TWIML_INVALID', `${what} ${limit}, got ${length}`)
  }
}

/** XML 1.0 has no way to write most control characters, lone surrogates and two noncharacters, escaped or not. */
function isXmlText(text: string): boolean {
  return /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u.test(text)
}
