import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe } from 'vitest'
import { ProtocolError } from '../../src/errors.ts'
import { isAccountSid, isCallSid, isStreamSid } from '../../src/twilio/ids.ts'
import { scanMedia } from '../../src/twilio/media-scan.ts'
import { parseBySchema, parseStreamMessage, type StreamMessage } from '../../src/twilio/messages.ts'
import { ACCOUNT_SID, MEDIA, MESSAGES, START, STREAM_SID } from '../twilio/wire-messages.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedJson } from './mutated-json.ts'
import { damaged, mutatedText, pick } from './mutated-text.ts'
import { must, verdictOf } from './verdict.ts'

const MESSAGE = { of: ProtocolError, codes: ['MESSAGE_INVALID'] } as const
const TEXTS = Object.values(MESSAGES).map((message) => JSON.stringify(message))
const USUAL = JSON.stringify(MEDIA)
/** In an order in which only the schema takes it. */
const UNUSUAL = Object.fromEntries(Object.entries(MEDIA).toReversed())

const frames = fc.oneof(
  mutatedJson(Object.values(MESSAGES)),
  mutatedJson([UNUSUAL]),
  mutatedText(TEXTS),
  mutatedText([USUAL]),
  fc.string({ unit: 'binary' }),
)

const SECRET = 'canary0123456789abcdef'
/** As Twilio writes them: what is private stands behind what is not. */
const SECRETIVE = [
  JSON.stringify({ ...MEDIA, media: { ...MEDIA.media, payload: SECRET } }),
  JSON.stringify({ ...START, start: { ...START.start, customParameters: { token: SECRET } } }),
]
/** A bit, a few characters, something odd, the other case. */
const DAMAGES = [0, 2, 3, 4, 10]

/** What came of a frame, by both ways, which must be one and the same. */
function read(frame: string): string {
  const verdict = verdictOf(() => parseStreamMessage(frame), MESSAGE)
  const slow = verdictOf(() => parseBySchema(frame), MESSAGE)
  must(isDeepStrictEqual(verdict, slow), 'expected the scan and the schema to agree, got two answers')
  if (verdict.is === 'refused') return 'refused'
  mustBeSound(verdict.value)
  return scanMedia(frame) === undefined ? verdict.value.event : 'media, by the scan'
}

function mustBeSound(message: StreamMessage): void {
  must(Object.getPrototypeOf(message) === Object.prototype, 'expected a plain object, got another')
  for (const value of Object.values(message)) {
    if (typeof value === 'number') must(Number.isSafeInteger(value) && value >= 0, `expected a count, got ${value}`)
  }
  if ('streamSid' in message) must(isStreamSid(message.streamSid), 'expected a StreamSid, got another text')
  if ('callSid' in message) must(isCallSid(message.callSid), 'expected a CallSid, got another text')
  if ('accountSid' in message) must(isAccountSid(message.accountSid), 'expected an AccountSid, got another text')
  if (message.event === 'unknown') must(message.name.length <= 80, 'expected the name to be cut')
  if (message.event !== 'start') return
  const { mediaFormat, customParameters } = message
  must(mediaFormat.sampleRate > 0 && mediaFormat.channels > 0, 'expected a format that is one')
  must(
    Object.values(customParameters).every((value) => typeof value === 'string'),
    'expected parameters to be texts',
  )
}

describe('a frame of the media socket', () => {
  barrage('is a message or a MESSAGE_INVALID, the same to the scan and to the schema', {
    cases: frames,
    outcome: read,
    outcomes: ['refused', 'media, by the scan', 'media'],
    rarely: [...Object.keys(MESSAGES).filter((event) => event !== 'media'), 'unknown'],
  })

  barrage('is complained of without a word of its audio or its parameters', {
    cases: fc.tuple(fc.constantFrom(...SECRETIVE), fc.nat(DAMAGES.length - 1), fc.nat(), fc.nat()),
    outcome: ([frame, how, where, what]) => {
      // The secret itself stays whole, or there would be nothing to look for.
      const parts = frame.split(SECRET)
      const hurt = where % parts.length
      const part = damaged(parts[hurt] ?? '', [pick(DAMAGES, how), where >> 1, what])
      const verdict = verdictOf(() => parseStreamMessage(parts.with(hurt, part).join(SECRET)), MESSAGE)
      if (verdict.is === 'read') return 'read'
      must(!verdict.message.includes(SECRET), `expected no secret in a complaint, got ${verdict.message}`)
      return 'refused'
    },
    outcomes: ['read', 'refused'],
  })

  growsLinearly('takes time in proportion to its length', attempt, GROWING(), 8_000)
})

function attempt(frame: string): unknown {
  return verdictOf(() => parseStreamMessage(frame), MESSAGE)
}

/** What might be read over and over. */
function GROWING(): Readonly<Record<string, (size: number) => string>> {
  const withPayload = (payload: string) => JSON.stringify({ ...MEDIA, media: { ...MEDIA.media, payload } })
  const withParameters = (customParameters: object) =>
    JSON.stringify({ ...START, start: { ...START.start, customParameters } })
  const many = (size: number, entry: (index: number) => string) =>
    Array.from({ length: Math.ceil(size / 16) }, (_, index) => entry(index))
  return {
    'a long payload': (size) => withPayload('A'.repeat(size)),
    'a long payload with too much at its end': (size) => withPayload(`${'A'.repeat(size)}===`),
    'a payload that is no base64': (size) => withPayload('A='.repeat(size / 2)),
    'a usual message that breaks off': (size) => withPayload('A'.repeat(size)).slice(0, -1),
    'a counter of many digits': (size) => JSON.stringify({ ...MEDIA, sequenceNumber: '1'.repeat(size) }),
    'many parameters': (size) =>
      withParameters(Object.fromEntries(many(size, (at) => `p${at}`).map((p) => [p, 'value']))),
    'many parameters that are no texts': (size) =>
      withParameters(Object.fromEntries(many(size, (at) => `p${at}`).map((p) => [p, 1]))),
    'many fields nobody knows': (size) =>
      `{${many(size, (at) => `"field${at}":1`).join()},${JSON.stringify({ ...MEDIA, streamSid: STREAM_SID }).slice(1)}`,
    'one field, again and again': (size) => `{${many(size, () => `"event":"media"`).join()}}`,
    'arrays in arrays': (size) => `{"event":"media","media":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`,
    'objects in objects': (size) => `${'{"event":'.repeat(size / 10)}1${'}'.repeat(size / 10)}`,
    'a long name for an event': (size) => JSON.stringify({ event: ACCOUNT_SID.repeat(size / 34) }),
    'nothing but white space': (size) => ' '.repeat(size),
    'nothing but backslashes': (size) => `"${'\\'.repeat(size)}`,
  }
}
