/**
 * What Twilio posts to us as forms: the voice webhook (also the `<Connect action>` request, which carries the same
 * parameters) and the status callbacks of calls and of streams.
 *
 * https://www.twilio.com/docs/voice/twiml#request-parameters
 * https://www.twilio.com/docs/voice/api/call-resource#statuscallback
 * https://www.twilio.com/docs/voice/twiml/stream#statuscallback
 */

import { z } from 'zod'
import { ProtocolError } from '../errors.ts'
import { complaint } from './complaint.ts'
import { type AccountSid, type CallSid, isAccountSid, isCallSid, isStreamSid, type StreamSid } from './ids.ts'

/** Decoded form fields. Blank values stay, since they are signed; a repeated name has an array. No prototype. */
export type FormParams = Readonly<Record<string, string | readonly string[]>>

export const CALL_STATUSES = [
  'queued',
  'initiated',
  'ringing',
  'in-progress',
  'completed',
  'busy',
  'failed',
  'no-answer',
  'canceled',
] as const
export type CallStatus = (typeof CALL_STATUSES)[number]

export interface VoiceWebhook {
  readonly callSid: CallSid
  readonly accountSid: AccountSid
  /** As the carrier gives it: E.164, but also a SIP address, `Anonymous`, or empty when withheld. */
  readonly from: string
  readonly to: string
  readonly direction: 'inbound' | 'outbound'
  readonly callStatus: CallStatus
  readonly callerName?: string | undefined
  readonly forwardedFrom?: string | undefined
  /** The carrier's verdict on the caller id, e.g. `TN-Validation-Passed-A`. */
  readonly stirVerstat?: string | undefined
}

export interface CallStatusCallback {
  readonly kind: 'call'
  readonly callSid: CallSid
  readonly callStatus: CallStatus
  /** Order by this: callbacks arrive in any order. Starts at 0. */
  readonly sequenceNumber?: number | undefined
  readonly sipResponseCode?: number | undefined
  readonly durationSeconds?: number | undefined
  readonly errorCode?: number | undefined
  /** `human`, `machine_start`, `fax`, `unknown`...: answering-machine detection. */
  readonly answeredBy?: string | undefined
}

export interface StreamStatusCallback {
  readonly kind: 'stream'
  readonly callSid: CallSid
  readonly streamSid: StreamSid
  readonly streamEvent: 'stream-started' | 'stream-stopped' | 'stream-error'
  readonly streamError?: string | undefined
}

export type StatusCallback = CallStatusCallback | StreamStatusCallback

/** `application/x-www-form-urlencoded` text to fields. Takes any text. */
export function parseFormBody(raw: string): FormParams {
  const params: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(raw)) {
    const earlier = params[name]
    if (earlier === undefined) params[name] = value
    else if (typeof earlier === 'string') params[name] = [earlier, value]
    else earlier.push(value)
  }
  return params
}

const callSid = z.custom<CallSid>(isCallSid, 'CA and 32 hexadecimal digits')
const callStatus = z.enum(CALL_STATUSES, `one of ${CALL_STATUSES.join(', ')}`)
const text = z.string('given once')
/** A side fact: a blank or odd one is dropped, because losing the call's status over it would be worse. */
const optionalText = z.string().min(1).optional().catch(undefined)
const optionalNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
  .optional()
  .catch(undefined)

const voiceWebhook = z
  .object({
    CallSid: callSid,
    AccountSid: z.custom<AccountSid>(isAccountSid, 'AC and 32 hexadecimal digits'),
    From: text.default(''),
    To: text.default(''),
    Direction: z.string('inbound or outbound-*').regex(/^(?:inbound|outbound(?:-.*)?)$/, 'inbound or outbound-*'),
    CallStatus: callStatus,
    CallerName: optionalText,
    ForwardedFrom: optionalText,
    StirVerstat: optionalText,
  })
  .transform((form): VoiceWebhook => ({
    callSid: byItself(form.CallSid),
    accountSid: form.AccountSid,
    from: form.From,
    to: form.To,
    direction: form.Direction === 'inbound' ? 'inbound' : 'outbound',
    callStatus: form.CallStatus,
    callerName: form.CallerName,
    forwardedFrom: form.ForwardedFrom,
    stirVerstat: form.StirVerstat,
  }))

const callStatusCallback = z
  .object({
    CallSid: callSid,
    CallStatus: callStatus,
    SequenceNumber: optionalNumber,
    SipResponseCode: optionalNumber,
    // `CallDuration` is in seconds; the form's `Duration` is in minutes and of no use.
    CallDuration: optionalNumber,
    ErrorCode: optionalNumber,
    AnsweredBy: optionalText,
  })
  .transform((form): CallStatusCallback => ({
    kind: 'call',
    callSid: form.CallSid,
    callStatus: form.CallStatus,
    sequenceNumber: form.SequenceNumber,
    sipResponseCode: form.SipResponseCode,
    durationSeconds: form.CallDuration,
    errorCode: form.ErrorCode,
    answeredBy: form.AnsweredBy,
  }))

const STREAM_EVENTS = ['stream-started', 'stream-stopped', 'stream-error'] as const

const streamStatusCallback = z
  .object({
    CallSid: callSid,
    StreamSid: z.custom<StreamSid>(isStreamSid, 'MZ and 32 hexadecimal digits'),
    StreamEvent: z.enum(STREAM_EVENTS, `one of ${STREAM_EVENTS.join(', ')}`),
    StreamError: optionalText,
  })
  .transform((form): StreamStatusCallback => ({
    kind: 'stream',
    callSid: form.CallSid,
    streamSid: form.StreamSid,
    streamEvent: form.StreamEvent,
    streamError: form.StreamError,
  }))

/** A piece of the form's text would keep the whole of it in memory, for as long as the call lasts. */
function byItself(sid: CallSid): CallSid {
  return Buffer.from(sid).toString() as CallSid
}

/** The voice webhook's call. Throws ProtocolError WEBHOOK_INVALID. */
export function parseVoiceWebhook(params: FormParams): VoiceWebhook {
  return parse(voiceWebhook, params)
}

/** A status callback of a call or of a stream. Throws ProtocolError WEBHOOK_INVALID. */
export function parseStatusCallback(params: FormParams): StatusCallback {
  return Object.hasOwn(params, 'StreamEvent') ? parse(streamStatusCallback, params) : parse(callStatusCallback, params)
}

function parse<T>(schema: z.ZodType<T>, params: FormParams): T {
  const result = schema.safeParse(params)
  if (result.success) return result.data
  throw new ProtocolError('WEBHOOK_INVALID', complaint(result.error, params))
}
