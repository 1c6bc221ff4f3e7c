/**
 * Twilio's identifiers, branded: a plain string becomes one only by passing its pattern, so a function that takes a
 * `CallSid` cannot be handed a stream's. Patterns: https://www.twilio.com/docs/glossary/what-is-a-sid
 */

import { ProtocolError } from '../errors.ts'
import { excerpt } from './complaint.ts'

declare const brand: unique symbol

export type CallSid = string & { readonly [brand]: 'CallSid' }
export type StreamSid = string & { readonly [brand]: 'StreamSid' }
export type AccountSid = string & { readonly [brand]: 'AccountSid' }
export type RecordingSid = string & { readonly [brand]: 'RecordingSid' }

const CALL_SID = /^CA[0-9a-fA-F]{32}$/
const STREAM_SID = /^MZ[0-9a-fA-F]{32}$/
const ACCOUNT_SID = /^AC[0-9a-fA-F]{32}$/
const RECORDING_SID = /^RE[0-9a-fA-F]{32}$/

export function isCallSid(value: unknown): value is CallSid {
  return typeof value === 'string' && CALL_SID.test(value)
}

export function isStreamSid(value: unknown): value is StreamSid {
  return typeof value === 'string' && STREAM_SID.test(value)
}

export function isAccountSid(value: unknown): value is AccountSid {
  return typeof value === 'string' && ACCOUNT_SID.test(value)
}

export function isRecordingSid(value: unknown): value is RecordingSid {
  return typeof value === 'string' && RECORDING_SID.test(value)
}

/** Throws ProtocolError MESSAGE_INVALID unless `value` is `CA` and 32 hexadecimal digits. */
export function parseCallSid(value: unknown): CallSid {
  if (isCallSid(value)) return value
  throw unlike('a CallSid (CA and 32 hexadecimal digits)', value)
}

/** Throws ProtocolError MESSAGE_INVALID unless `value` is `MZ` and 32 hexadecimal digits. */
export function parseStreamSid(value: unknown): StreamSid {
  if (isStreamSid(value)) return value
  throw unlike('a StreamSid (MZ and 32 hexadecimal digits)', value)
}

/** Throws ProtocolError MESSAGE_INVALID unless `value` is `AC` and 32 hexadecimal digits. */
export function parseAccountSid(value: unknown): AccountSid {
  if (isAccountSid(value)) return value
  throw unlike('an AccountSid (AC and 32 hexadecimal digits)', value)
}

function unlike(expected: string, value: unknown): ProtocolError {
  return new ProtocolError('MESSAGE_INVALID', `expected ${expected}, got ${excerpt(value)}`)
}
