/**
 * What becomes of a recording that the carrier keeps: `recordingStatusCallback`.
 * https://www.twilio.com/docs/voice/api/recording#recordingstatuscallback
 */

import { z } from 'zod'
import { accountSid, callSid, oneOf, optionalNumber, parseForm, recordingSid } from './form-fields.ts'
import type { AccountSid, CallSid, RecordingSid } from './ids.ts'
import type { FormParams } from './webhooks.ts'

const RECORDING_STATUSES = ['in-progress', 'completed', 'absent', 'failed'] as const
export type RecordingStatus = (typeof RECORDING_STATUSES)[number]

export interface RecordingCallback {
  readonly callSid: CallSid
  readonly accountSid: AccountSid
  readonly recordingSid: RecordingSid
  /** `absent`: too short, or nothing but silence. */
  readonly status: RecordingStatus
  /** Where the recording is or will be; to fetch it takes the account's credentials. */
  readonly url?: string | undefined
  readonly durationSeconds?: number | undefined
  readonly channels?: number | undefined
  /** Epoch milliseconds. */
  readonly startedAt?: number | undefined
  /** How it came about, e.g. `StartCallRecordingAPI`. */
  readonly source?: string | undefined
  /** The carrier's number for why there is none, e.g. 16101. */
  readonly errorCode?: number | undefined
}

const optionalUrl = z
  .string()
  .regex(/^https?:\/\/[\x21-\x7e]{1,2000}$/)
  .optional()
  .catch(undefined)

/** RFC 2822, such as `Wed, 25 Nov 2026 12:00:10 +0000`; `Date` alone would read nearly anything as a date. */
const optionalTime = z
  .string()
  .regex(/^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|[+-]\d{4})$/)
  .transform((text) => Date.parse(text))
  .refine((time) => !Number.isNaN(time))
  .optional()
  .catch(undefined)

const optionalWord = z
  .string()
  .regex(/^[A-Za-z]{1,60}$/)
  .optional()
  .catch(undefined)

const recordingCallback = z
  .object({
    CallSid: callSid,
    AccountSid: accountSid,
    RecordingSid: recordingSid,
    RecordingStatus: oneOf(RECORDING_STATUSES),
    RecordingUrl: optionalUrl,
    RecordingDuration: optionalNumber,
    RecordingChannels: optionalNumber,
    RecordingStartTime: optionalTime,
    RecordingSource: optionalWord,
    ErrorCode: optionalNumber,
  })
  .transform((form): RecordingCallback => ({
    callSid: form.CallSid,
    accountSid: form.AccountSid,
    recordingSid: form.RecordingSid,
    status: form.RecordingStatus,
    url: form.RecordingUrl,
    durationSeconds: form.RecordingDuration,
    channels: form.RecordingChannels,
    startedAt: form.RecordingStartTime,
    source: form.RecordingSource,
    errorCode: form.ErrorCode,
  }))

/** Throws ProtocolError WEBHOOK_INVALID. */
export function parseRecordingCallback(params: FormParams): RecordingCallback {
  return parseForm(recordingCallback, params)
}
