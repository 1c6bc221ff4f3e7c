/** The fields that Twilio's forms have in common, as schemas; the messages say what a field was expected to be. */

import { z } from 'zod'
import { ProtocolError } from '../errors.ts'
import { complaint } from './complaint.ts'
import { type AccountSid, type CallSid, isAccountSid, isCallSid, isRecordingSid, type RecordingSid } from './ids.ts'
import type { FormParams } from './webhooks.ts'

export const callSid = z.custom<CallSid>(isCallSid, 'CA and 32 hexadecimal digits')
export const accountSid = z.custom<AccountSid>(isAccountSid, 'AC and 32 hexadecimal digits')
export const recordingSid = z.custom<RecordingSid>(isRecordingSid, 'RE and 32 hexadecimal digits')

/** A side fact: a blank or odd one is dropped, because losing the news itself over it would be worse. */
export const optionalNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
  .optional()
  .catch(undefined)

/** The form as the schema has it. Throws ProtocolError WEBHOOK_INVALID. */
export function parseForm<T>(schema: z.ZodType<T>, params: FormParams): T {
  const result = schema.safeParse(params)
  if (result.success) return result.data
  throw new ProtocolError('WEBHOOK_INVALID', complaint(result.error, params))
}

/** One of the words, and nothing else. */
export function oneOf<const Words extends readonly string[]>(words: Words): z.ZodType<Words[number]> {
  return z.enum(words, `one of ${words.join(', ')}`)
}
