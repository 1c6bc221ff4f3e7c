/**
 * Whatever goes wrong with a REST request, as a CarrierError.
 *
 * Invariants: no message has a whole phone number or a credential in it, and none carries the SDK's own error as its
 * cause, since that holds the request with both.
 */

import { CarrierError, type CarrierErrorDetails, type ErrorCode } from '../errors.ts'

export interface Answer {
  readonly statusCode: number
  readonly headers: unknown
  /** Parsed, if it was JSON; else the text. */
  readonly body: unknown
}

const SUMMARIES = {
  CARRIER_UNAUTHORIZED: 'the carrier did not accept the credentials',
  CARRIER_NOT_FOUND: 'the carrier knows no such thing',
  CARRIER_TIMEOUT: 'the carrier gave up waiting for the request',
  CARRIER_RATE_LIMITED: 'the carrier asks for fewer requests',
  CARRIER_REFUSED: 'the carrier refused',
  CARRIER_UNAVAILABLE: 'the carrier failed',
  CARRIER_GIBBERISH: 'expected a JSON object from the carrier, got something else',
} as const satisfies Partial<Record<ErrorCode, string>>

type CarrierCode = keyof typeof SUMMARIES

/** What is wrong with an answer; undefined if it is a JSON object with a status of success. */
export function faultOfAnswer(answer: Answer, secrets: readonly string[]): CarrierError | undefined {
  const explanation = explanationIn(answer.body)
  const code = codeOf(answer, explanation.carrierCode)
  if (code === undefined) return undefined
  const { carrierCode, text } = explanation
  const numbers = carrierCode === undefined ? `HTTP ${answer.statusCode}` : `HTTP ${answer.statusCode}, ${carrierCode}`
  const reason = text === undefined ? '' : `: ${redacted(text, secrets)}`
  const retryAfterMs = retryAfterIn(answer.headers)
  const details: CarrierErrorDetails = {
    status: answer.statusCode,
    ...(carrierCode !== undefined && { carrierCode }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
  return new CarrierError(code, `${SUMMARIES[code]} (${numbers})${reason}`, details)
}

/** https://www.twilio.com/docs/api/errors/20003: wrong credentials, which some products answer with 403. */
const AUTHENTICATION_FAILED = 20003

function codeOf({ statusCode, body }: Answer, carrierCode: number | undefined): CarrierCode | undefined {
  if (statusCode >= 200 && statusCode < 300) return isObject(body) ? undefined : 'CARRIER_GIBBERISH'
  if (statusCode === 401 || carrierCode === AUTHENTICATION_FAILED) return 'CARRIER_UNAUTHORIZED'
  if (statusCode === 404) return 'CARRIER_NOT_FOUND'
  if (statusCode === 408) return 'CARRIER_TIMEOUT'
  if (statusCode === 429) return 'CARRIER_RATE_LIMITED'
  if (statusCode >= 400 && statusCode < 500) return 'CARRIER_REFUSED'
  if (statusCode >= 500) return 'CARRIER_UNAVAILABLE'
  return 'CARRIER_GIBBERISH'
}

interface Explanation {
  readonly carrierCode?: number
  readonly text?: string
}

/** `{ code, message }` in most products, `{ code, title, detail }` (RFC 9457) in newer ones, or nothing at all. */
function explanationIn(body: unknown): Explanation {
  if (!isObject(body)) return {}
  const carrierCode = carrierCodeIn(body['code'])
  const text = [body['message'], body['detail'], body['title']].find((each) => typeof each === 'string' && each !== '')
  return {
    ...(carrierCode !== undefined && { carrierCode }),
    ...(typeof text === 'string' && { text }),
  }
}

/** A number, or its digits: of an object or a list, no number can be made safely. */
function carrierCodeIn(code: unknown): number | undefined {
  const isDigits = typeof code === 'string' && /^\d{1,9}$/.test(code)
  return Number.isSafeInteger(code) || isDigits ? Number(code) : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A timer cannot be set for longer than 2^31 ms; nobody waits a day. */
const LONGEST_WAIT_MS = 86_400_000

/** `Retry-After` is seconds or a date (RFC 9110, 10.2.3); a date is held against the carrier's own clock. */
function retryAfterIn(headers: unknown): number | undefined {
  const wanted = header(headers, 'retry-after')
  if (wanted === undefined) return undefined
  const waitMs = /^\d+$/.test(wanted)
    ? Number(wanted) * 1000
    : Date.parse(wanted) - Date.parse(header(headers, 'date') ?? new Date().toUTCString())
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), LONGEST_WAIT_MS)
}

function header(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  const value: unknown = Reflect.get(headers, name)
  return typeof value === 'string' ? value.trim() : undefined
}

const LONGEST_EXPLANATION = 200

/** Seven digits and more are taken for a phone number, of which the last two stay, to tell numbers apart. */
const PHONE_NUMBER = /(?<![0-9A-Za-z])(?:\+|%2B)?\d(?:[ ().-]{0,2}\d){6,}/gi

function redacted(text: string, secrets: readonly string[]): string {
  let safe = text.slice(0, 20 * LONGEST_EXPLANATION)
  for (const secret of secrets) if (secret !== '') safe = safe.replaceAll(secret, '[secret]')
  safe = safe.replaceAll(PHONE_NUMBER, (number) => `...${number.replaceAll(/\D/g, '').slice(-2)}`)
  return safe.length <= LONGEST_EXPLANATION ? safe : `${safe.slice(0, LONGEST_EXPLANATION)}...`
}

/** What is wrong when there was no answer: `thrown` is what the SDK's HTTP client threw. */
export function faultOfFailure(thrown: unknown): CarrierError {
  const code = codeIn(thrown) ?? 'unknown'
  if (isUnsent(thrown)) {
    const message = `could not connect to the carrier (${code}); nothing was sent`
    return new CarrierError('CARRIER_UNAVAILABLE', message, { ambiguous: false })
  }
  if (code === 'ECONNABORTED' || code === 'ETIMEDOUT') {
    return new CarrierError('CARRIER_TIMEOUT', `expected an answer from the carrier, got none in time (${code})`)
  }
  if (code.startsWith('HPE_') || code.startsWith('Z_') || code === 'ERR_BAD_RESPONSE') {
    return new CarrierError(
      'CARRIER_GIBBERISH',
      `expected an HTTP answer from the carrier, got something else (${code})`,
    )
  }
  return new CarrierError('CARRIER_UNAVAILABLE', `lost the connection to the carrier before its answer (${code})`)
}

/**
 * True when the failure came while looking up the host or connecting, so that the carrier cannot have seen the request.
 * With several addresses to one name, each of them must have failed so.
 */
function isUnsent(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false
  if (thrown instanceof AggregateError) return thrown.errors.length > 0 && thrown.errors.every(isUnsent)
  const syscall: unknown = Reflect.get(thrown, 'syscall')
  if (typeof syscall === 'string') return syscall === 'connect' || syscall.startsWith('getaddrinfo')
  // axios wraps what the socket said.
  return isUnsent(Reflect.get(thrown, 'cause'))
}

function codeIn(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const code: unknown = Reflect.get(thrown, 'code')
  return typeof code === 'string' ? code : undefined
}
