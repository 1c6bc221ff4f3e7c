import * as fc from 'fast-check'
import { describe } from 'vitest'
import { ProtocolError } from '../../src/errors.ts'
import { ANSWERED_BY, parseDetectionCallback } from '../../src/twilio/detection-callback.ts'
import { parseDialAction, parseDialledCallback } from '../../src/twilio/dial-callbacks.ts'
import { isAccountSid, isCallSid, isRecordingSid, isStreamSid } from '../../src/twilio/ids.ts'
import { parseRecordingCallback } from '../../src/twilio/recording-callback.ts'
import {
  CALL_STATUSES,
  type FormParams,
  parseFormBody,
  parseStatusCallback,
  parseVoiceWebhook,
} from '../../src/twilio/webhooks.ts'
import { ACCOUNT_SID, CALL_SID, STREAM_SID } from '../twilio/wire-messages.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { type Form, formText, mutatedForm } from './mutated-form.ts'
import { type Change, changes, damaged } from './mutated-text.ts'
import { must, verdictOf } from './verdict.ts'

const CANARY = 'canary-9f8e7d'

/** What belongs to the caller and has no business in a complaint about another field. */
const PRIVATE: Form = [
  ['From', `+1555${CANARY}`],
  ['To', `sip:${CANARY}@example.com`],
  ['CallerName', CANARY],
  ['CallToken', CANARY],
  ['Digits', CANARY],
  ['SpeechResult', `${CANARY} `.repeat(20)],
]

const CALL: Form = [
  ['CallSid', CALL_SID],
  ['AccountSid', ACCOUNT_SID],
]

/** Each as Twilio posts it, but for what is private. */
const FORMS = {
  voice: [...CALL, ['Direction', 'inbound'], ['CallStatus', 'ringing'], ['StirVerstat', 'TN-Validation-Passed-A']],
  status: [
    ...CALL,
    ['CallStatus', 'completed'],
    ['SequenceNumber', '3'],
    ['SipResponseCode', '200'],
    ['CallDuration', '61'],
    ['ErrorCode', '13224'],
    ['AnsweredBy', 'human'],
  ],
  stream: [
    ...CALL,
    ['StreamSid', STREAM_SID],
    ['StreamEvent', 'stream-error'],
    ['StreamError', '31920 - handshake'],
    ['Timestamp', '2026-11-25T12:00:00.000Z'],
  ],
  detection: [...CALL, ['AnsweredBy', 'machine_end_beep'], ['MachineDetectionDuration', '3200']],
  dialAction: [
    ...CALL,
    ['Direction', 'outbound-api'],
    ['CallStatus', 'in-progress'],
    ['DialCallStatus', 'completed'],
    ['DialCallSid', CALL_SID.replace('0', 'f')],
    ['DialCallDuration', '12'],
  ],
  dialled: [
    ...CALL,
    ['ParentCallSid', CALL_SID.replace('0', 'f')],
    ['CallStatus', 'no-answer'],
    ['SequenceNumber', '2'],
    ['SipResponseCode', '487'],
    ['CallDuration', '0'],
  ],
  recording: [
    ...CALL,
    ['RecordingSid', `RE${'0123456789abcdef'.repeat(2)}`],
    ['RecordingStatus', 'completed'],
    ['RecordingUrl', 'https://api.twilio.com/2010-04-01/Accounts/AC0/Recordings/RE0'],
    ['RecordingDuration', '15'],
    ['RecordingChannels', '2'],
    ['RecordingStartTime', 'Wed, 25 Nov 2026 12:00:10 +0000'],
    ['RecordingSource', 'StartCallRecordingAPI'],
    ['ErrorCode', '16101'],
  ],
} as const satisfies Readonly<Record<string, Form>>

const PARSERS: Readonly<Record<keyof typeof FORMS, (params: FormParams) => object>> = {
  voice: parseVoiceWebhook,
  status: parseStatusCallback,
  stream: parseStatusCallback,
  detection: parseDetectionCallback,
  dialAction: parseDialAction,
  dialled: parseDialledCallback,
  recording: parseRecordingCallback,
}
const NAMES = Object.keys(PARSERS) as (keyof typeof FORMS)[]

const WEBHOOK = { of: ProtocolError, codes: ['WEBHOOK_INVALID'] } as const

/** What a fact has to be, whatever was posted, if it is there. */
const SOUND: Readonly<Record<string, (value: unknown) => boolean>> = {
  callSid: isCallSid,
  parentCallSid: isCallSid,
  dialledSid: isCallSid,
  accountSid: isAccountSid,
  streamSid: isStreamSid,
  recordingSid: isRecordingSid,
  callStatus: (value) => (CALL_STATUSES as readonly unknown[]).includes(value),
  direction: (value) => value === 'inbound' || value === 'outbound',
  url: (value) => typeof value === 'string' && /^https?:\/\/[!-~]+$/.test(value),
  startedAt: (value) => Number.isSafeInteger(value) && new Date(Number(value)).getUTCFullYear() <= 9999,
}

function mustBeSound(name: string, facts: object): void {
  for (const [fact, value] of Object.entries(facts)) {
    if (value === undefined) continue
    if (typeof value === 'number') must(Number.isSafeInteger(value), `expected ${fact} to be a count, got ${value}`)
    else must(typeof value === 'string', `expected ${fact} to be one text, got ${typeof value}`)
    const isSound = SOUND[fact]
    must(isSound === undefined || isSound(value), `expected a sound ${fact}, got ${value}`)
  }
  const answeredBy: unknown = Reflect.get(facts, 'answeredBy')
  if (name === 'detection')
    must(
      ANSWERED_BY.some((word) => word === answeredBy),
      'expected a known word',
    )
}

function read(text: string, name: keyof typeof FORMS, canary = CANARY): 'read' | 'refused' {
  const params = parseFormBody(text)
  const verdict = verdictOf(() => PARSERS[name](params), WEBHOOK)
  if (verdict.is === 'read') mustBeSound(name, verdict.value)
  else must(canary === '' || !verdict.message.includes(canary), `expected no canary, got ${verdict.message}`)
  return verdict.is
}

const NO_DAMAGE = { arbitrary: fc.constant<Change[]>([]), weight: 2 }

describe('a form of the carrier', () => {
  describe.each(NAMES)('%s', (name) => {
    barrage('is read, with facts of the right kind, or is a WEBHOOK_INVALID without a word of what is private', {
      cases: fc.tuple(mutatedForm([FORMS[name]]), fc.boolean(), fc.oneof({ arbitrary: changes, weight: 1 }, NO_DAMAGE)),
      outcome: ([form, isFirst, damage]) => {
        const text = formText(isFirst ? [...PRIVATE, ...form] : [...form, ...PRIVATE])
        if (damage.length === 0) return read(text, name)
        // What is damaged as a text may have run into another field.
        read(
          damage.reduce((all, change) => damaged(all, change), text),
          name,
          '',
        )
        return 'damaged'
      },
      outcomes: ['read', 'refused', 'damaged'],
    })

    growsLinearly(
      'takes time in proportion to its length',
      (text: string) => read(text, name),
      {
        'each field long': (size) => formText(FORMS[name].map(([field, value]) => [field, value.repeat(size / 400)])),
        'each field many times': (size) =>
          formText(Array.from({ length: size / 400 }, () => [...FORMS[name]] as Form).flat()),
        'many other fields': (size) =>
          `${formText(FORMS[name])}&${Array.from({ length: size / 8 }, (_, index) => `f${index}=1`).join('&')}`,
      },
      8_000,
    )
  })
})
