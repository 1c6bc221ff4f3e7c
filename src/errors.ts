/**
 * Every error callchart throws on purpose. The class says whose fault it is, the `code` is stable, and the message
 * says what was expected and what came. Anything else that escapes is a bug of ours.
 */

const CODES = {
  // The operator's: a variable, a file, an option.
  CONFIG_INVALID: 'configuration',
  AGENT_UNKNOWN: 'configuration',
  AGENTS_FILE_INVALID: 'configuration',
  // The calling code's: an argument or a moment that makes no sense.
  AUDIO_FORMAT_UNSUPPORTED: 'usage',
  AUDIO_FILE_INVALID: 'usage',
  AUDIO_SOURCE_INVALID: 'usage',
  DIGITS_INVALID: 'usage',
  PHONE_NUMBER_INVALID: 'usage',
  PLAYBACK_OVERFLOW: 'usage',
  RECORDING_INVALID: 'usage',
  CALL_OVER: 'usage',
  /** The call is doing something that excludes it. */
  CALL_BUSY: 'usage',
  TRANSFER_TARGET_INVALID: 'usage',
  QUERY_INVALID: 'usage',
  // The peer's: what came over the wire is not what the wire's documentation promises.
  MESSAGE_INVALID: 'protocol',
  MEDIA_FORMAT_UNSUPPORTED: 'protocol',
  WEBHOOK_INVALID: 'protocol',
  TWIML_INVALID: 'protocol',
  // The carrier's REST interface.
  CARRIER_REFUSED: 'carrier',
  CARRIER_UNAUTHORIZED: 'carrier',
  CARRIER_NOT_FOUND: 'carrier',
  CARRIER_RATE_LIMITED: 'carrier',
  CARRIER_UNAVAILABLE: 'carrier',
  CARRIER_TIMEOUT: 'carrier',
  CARRIER_GIBBERISH: 'carrier',
  /** Not asked at all: it failed too often just now. */
  CARRIER_PAUSED: 'carrier',
  // Ours to refuse: a limit or a policy of this node.
  DESTINATION_NOT_ALLOWED: 'admission',
  DIAL_LIMIT: 'admission',
  DIAL_QUEUE_FULL: 'admission',
  NODE_FULL: 'admission',
  /** Its event loop is late: one more call would be heard in the others. */
  NODE_OVERLOADED: 'admission',
  NODE_DRAINING: 'admission',
} as const

type Codes = typeof CODES
export type ErrorCode = keyof Codes
type CodeOf<Blame extends Codes[ErrorCode]> = { [C in ErrorCode]: Codes[C] extends Blame ? C : never }[ErrorCode]

export class CallchartError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C

  constructor(code: C, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

export class ConfigurationError extends CallchartError<CodeOf<'configuration'>> {}
export class UsageError extends CallchartError<CodeOf<'usage'>> {}
export class ProtocolError extends CallchartError<CodeOf<'protocol'>> {}
export class AdmissionError extends CallchartError<CodeOf<'admission'>> {
  /** When it is worth trying again, in milliseconds from now, where that is known. */
  readonly retryAfterMs: number | undefined

  constructor(code: CodeOf<'admission'>, message: string, details: { readonly retryAfterMs?: number } = {}) {
    super(code, message)
    this.retryAfterMs = details.retryAfterMs
  }
}

export interface CarrierErrorDetails {
  /** HTTP status of the carrier's answer; absent when none came. */
  readonly status?: number
  /** The carrier's own number for the problem, e.g. 21211. */
  readonly carrierCode?: number
  /** How long the carrier asked us to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number
  /** False when it is certain that nothing was sent, e.g. the connection was refused. */
  readonly ambiguous?: boolean
}

const AMBIGUOUS = new Set<ErrorCode>(['CARRIER_UNAVAILABLE', 'CARRIER_TIMEOUT', 'CARRIER_GIBBERISH'])

/**
 * The carrier refused, or did not answer sensibly.
 *
 * `ambiguous` is true when the request may have taken effect although no usable answer came (5xx, a timeout, a reset,
 * gibberish): such a create must never be repeated, since it may ring somebody twice.
 */
export class CarrierError extends CallchartError<CodeOf<'carrier'>> {
  readonly status: number | undefined
  readonly carrierCode: number | undefined
  readonly retryAfterMs: number | undefined
  readonly ambiguous: boolean

  constructor(code: CodeOf<'carrier'>, message: string, details: CarrierErrorDetails = {}, options?: ErrorOptions) {
    super(code, message, options)
    this.status = details.status
    this.carrierCode = details.carrierCode
    this.retryAfterMs = details.retryAfterMs
    this.ambiguous = details.ambiguous ?? AMBIGUOUS.has(code)
  }
}

/** The text of whatever was thrown, for a log line or a reason. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
