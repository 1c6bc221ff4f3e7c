/**
 * What asynchronous machine detection found out: `asyncAmdStatusCallback`.
 * https://www.twilio.com/docs/voice/answering-machine-detection
 */

import { z } from 'zod'
import { accountSid, callSid, optionalNumber, parseForm } from './form-fields.ts'
import type { AccountSid, CallSid } from './ids.ts'
import type { FormParams } from './webhooks.ts'

export const ANSWERED_BY = [
  'human',
  'machine_start',
  'machine_end_beep',
  'machine_end_silence',
  'machine_end_other',
  'fax',
  'unknown',
] as const
export type AnsweredBy = (typeof ANSWERED_BY)[number]

export interface DetectionCallback {
  readonly callSid: CallSid
  readonly accountSid: AccountSid
  /** A word that is not known here is `unknown`: whoever waits for a verdict had better get that than none. */
  readonly answeredBy: AnsweredBy
  /** How long the detection took, in milliseconds. */
  readonly durationMs?: number | undefined
}

const isKnown = (word: string): word is AnsweredBy => (ANSWERED_BY as readonly string[]).includes(word)

const detectionCallback = z
  .object({
    CallSid: callSid,
    AccountSid: accountSid,
    AnsweredBy: z.string('a word such as human').regex(/^[a-z][a-z_]{0,39}$/, 'a word such as human'),
    MachineDetectionDuration: optionalNumber,
  })
  .transform((form): DetectionCallback => ({
    callSid: form.CallSid,
    accountSid: form.AccountSid,
    answeredBy: isKnown(form.AnsweredBy) ? form.AnsweredBy : 'unknown',
    durationMs: form.MachineDetectionDuration,
  }))

/** Throws ProtocolError WEBHOOK_INVALID. */
export function parseDetectionCallback(params: FormParams): DetectionCallback {
  return parseForm(detectionCallback, params)
}
