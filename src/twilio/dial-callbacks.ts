/**
 * What Twilio says of the leg that a `<Dial>` called: how it gets on, and, to the `action` of the `<Dial>`, what became
 * of it. https://www.twilio.com/docs/voice/twiml/dial#action and https://www.twilio.com/docs/voice/twiml/number
 */

import { z } from 'zod'
import { callSid, oneOf, optionalNumber, parseForm } from './form-fields.ts'
import { type CallSid, isCallSid } from './ids.ts'
import { CALL_STATUSES, type CallStatus, type FormParams, parseVoiceWebhook, type VoiceWebhook } from './webhooks.ts'

const DIAL_STATUSES = ['completed', 'answered', 'busy', 'no-answer', 'failed', 'canceled'] as const
export type DialStatus = (typeof DIAL_STATUSES)[number]

/** The voice webhook's fields are about the call that was handed over, whose `callStatus` tells whether it still is. */
export interface DialAction extends VoiceWebhook {
  readonly dialStatus: DialStatus
  /** The other leg; absent when there was none. */
  readonly dialledSid?: CallSid | undefined
  /** How long the two were joined. */
  readonly dialledSeconds?: number | undefined
}

/** A status callback of the other leg. */
export interface DialledCallback {
  /** The other leg's. */
  readonly callSid: CallSid
  /** Of the call that was handed over. */
  readonly parentCallSid: CallSid
  readonly callStatus: CallStatus
  /** Order by this: callbacks arrive in any order. Starts at 0. */
  readonly sequenceNumber?: number | undefined
  readonly sipResponseCode?: number | undefined
  readonly durationSeconds?: number | undefined
}

const dialAction = z.object({
  DialCallStatus: oneOf(DIAL_STATUSES),
  DialCallSid: z.custom<CallSid>(isCallSid).optional().catch(undefined),
  DialCallDuration: optionalNumber,
})

const dialledCallback = z
  .object({
    CallSid: callSid,
    ParentCallSid: callSid,
    CallStatus: oneOf(CALL_STATUSES),
    SequenceNumber: optionalNumber,
    SipResponseCode: optionalNumber,
    CallDuration: optionalNumber,
  })
  .transform((form): DialledCallback => ({
    callSid: form.CallSid,
    parentCallSid: form.ParentCallSid,
    callStatus: form.CallStatus,
    sequenceNumber: form.SequenceNumber,
    sipResponseCode: form.SipResponseCode,
    durationSeconds: form.CallDuration,
  }))

/** The request to the `action` of a `<Dial>`. Throws ProtocolError WEBHOOK_INVALID. */
export function parseDialAction(params: FormParams): DialAction {
  const voice = parseVoiceWebhook(params)
  const { DialCallStatus: dialStatus, DialCallSid: dialledSid, DialCallDuration } = parseForm(dialAction, params)
  return { ...voice, dialStatus, dialledSid, dialledSeconds: DialCallDuration }
}

/** Throws ProtocolError WEBHOOK_INVALID. */
export function parseDialledCallback(params: FormParams): DialledCallback {
  return parseForm(dialledCallback, params)
}
