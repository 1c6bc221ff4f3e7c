import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors.ts'
import { parseStreamMessage } from '../../src/twilio/messages.ts'
import {
  ACCOUNT_SID,
  CALL_SID,
  CONNECTED,
  DTMF,
  MARK,
  MEDIA,
  MESSAGES,
  START,
  STOP,
  STREAM_SID,
} from './wire-messages.ts'

const read = (message: unknown) => parseStreamMessage(JSON.stringify(message))

/** The message of the ProtocolError that the text is refused with; undefined if it is accepted. */
function refusal(text: string): string | undefined {
  try {
    parseStreamMessage(text)
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'MESSAGE_INVALID') return error.message
    throw error
  }
}

function mediaWith(changed: object): string {
  return JSON.stringify({ ...MEDIA, media: { ...MEDIA.media, ...changed } })
}

function startWith(changed: object): string {
  return JSON.stringify({ ...START, start: { ...START.start, ...changed } })
}

describe('a stream message', () => {
  it('connected has a protocol and a version, and belongs to no stream yet', () => {
    expect(read(CONNECTED)).toStrictEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' })
  })

  it('start names the call, the format and the parameters', () => {
    expect(read(START)).toStrictEqual({
      event: 'start',
      streamSid: STREAM_SID,
      sequenceNumber: 1,
      accountSid: ACCOUNT_SID,
      callSid: CALL_SID,
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { token: 'one-shot' },
    })
  })

  it('media has numbers where the wire has strings', () => {
    expect(read(MEDIA)).toStrictEqual({
      event: 'media',
      streamSid: STREAM_SID,
      sequenceNumber: 2,
      track: 'inbound',
      chunk: 1,
      timestampMs: 155,
      payload: MEDIA.media.payload,
    })
  })

  it('dtmf has a digit', () => {
    expect(read(DTMF)).toStrictEqual({ event: 'dtmf', streamSid: STREAM_SID, sequenceNumber: 5, digit: '1' })
  })

  it('mark has the name we gave it', () => {
    expect(read(MARK)).toStrictEqual({ event: 'mark', streamSid: STREAM_SID, sequenceNumber: 4, name: 'my label' })
  })

  it('stop names the call', () => {
    expect(read(STOP)).toStrictEqual({
      event: 'stop',
      streamSid: STREAM_SID,
      sequenceNumber: 5,
      accountSid: ACCOUNT_SID,
      callSid: CALL_SID,
    })
  })

  it('of an unknown kind is named, not refused, whatever its name', () => {
    expect(read({ event: 'transcript', words: [] })).toStrictEqual({ event: 'unknown', name: 'transcript' })
    expect(read({ event: '__proto__' })).toStrictEqual({ event: 'unknown', name: '__proto__' })
    expect(read({ event: 'x'.repeat(60_000) })).toStrictEqual({ event: 'unknown', name: 'x'.repeat(80) })
  })

  it('may lack customParameters', () => {
    const { customParameters: _, ...rest } = START.start
    expect(read({ ...START, start: rest })).toMatchObject({ event: 'start', customParameters: {} })
  })

  it('names any media format, for the decoder to refuse', () => {
    const mediaFormat = { encoding: 'audio/l16', sampleRate: 16000, channels: 2 }
    expect(read({ ...START, start: { ...START.start, mediaFormat } })).toMatchObject({ mediaFormat })
  })

  it.each(Object.keys(MESSAGES))('%s reads the same with its keys in any order and unknown ones among them', (name) => {
    const message = MESSAGES[name]
    const expected = read(message)
    fc.assert(
      fc.property(shuffled(message), (text) => {
        expect(parseStreamMessage(text)).toStrictEqual(expected)
      }),
    )
  })

  it('never reaches a prototype', () => {
    const hostile = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},'
    const start = JSON.stringify(START)
      .replace('{', hostile)
      .replace('"customParameters":{', '"customParameters":{"__proto__":"polluted","constructor":"x",')
    const message = parseStreamMessage(start)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype)
    expect(message).toMatchObject({ event: 'start', customParameters: { token: 'one-shot', constructor: 'x' } })
  })
})

describe('a refused message', () => {
  it.each([
    ['', 'expected a JSON object, got 0 characters that are no JSON'],
    ['hello\n', 'expected a JSON object, got 6 characters that are no JSON'],
    ['{"event":"mark"', 'expected a JSON object, got 15 characters that are no JSON at position 15'],
    ['[]', 'expected the message to be an object, got an array of 0'],
    ['null', 'expected the message to be an object, got null'],
    ['7', 'expected the message to be an object, got a value of type number'],
    ['{}', 'expected event to be a string, got nothing'],
    ['{"event":{"event":"media"}}', 'expected event to be a string, got a value of type object'],
    ['{"event":"connected"}', 'expected protocol to be a string, got nothing'],
    [JSON.stringify({ ...MARK, streamSid: 'MZ1' }), 'expected streamSid to be MZ and 32 hexadecimal digits, got "MZ1"'],
    [JSON.stringify({ ...MARK, sequenceNumber: 4 }), 'expected sequenceNumber to be a string of digits, got 4'],
    [JSON.stringify({ ...MARK, mark: {} }), 'expected mark.name to be a string, got nothing'],
    [JSON.stringify({ ...STOP, stop: undefined }), 'expected stop to be an object, got nothing'],
    [
      JSON.stringify({ ...DTMF, dtmf: { digit: '12' } }),
      'expected dtmf.digit to be one of 0-9 * # A-D, got 2 characters',
    ],
    [mediaWith({ chunk: '-1' }), 'expected media.chunk to be a string of at most 15 digits, got "-1"'],
    [mediaWith({ timestamp: '1e3' }), 'expected media.timestamp to be a string of at most 15 digits, got "1e3"'],
    [mediaWith({ track: 'both' }), 'expected media.track to be inbound or outbound, got "both"'],
  ])('%s says what was expected and what came', (text, message) => {
    expect(refusal(text)).toBe(message)
  })

  it('says where in start it went wrong', () => {
    expect(refusal(startWith({ callSid: undefined }))).toContain('expected start.callSid to be CA and 32')
    expect(refusal(startWith({ mediaFormat: { encoding: 'x', sampleRate: '8000', channels: 1 } }))).toBe(
      'expected start.mediaFormat.sampleRate to be a whole number, got "8000"',
    )
    expect(refusal(startWith({ mediaFormat: { encoding: 'x', sampleRate: 8000, channels: 0 } }))).toBe(
      'expected start.mediaFormat.channels to be a positive number, got 0',
    )
  })

  it('quotes no payload, no parameter and nothing long', () => {
    expect(refusal(mediaWith({ payload: 'not base64' }))).toBe('expected media.payload to be base64, got 10 characters')
    expect(refusal(startWith({ customParameters: { token: 31_337 } }))).toBe(
      'expected start.customParameters.token to be a string, got a value of type number',
    )
    expect(refusal(startWith({ customParameters: { ['k'.repeat(60_000)]: 1 } }))).toMatch(/^.{100,200}$/)
    expect(refusal(`{"event":"media",${'x'.repeat(60_000)}`)).toBe(
      'expected a JSON object, got 60017 characters that are no JSON at position 17',
    )
  })

  it('quotes no text that is no JSON, not even what looks like a place in it', () => {
    const token = 'one-shot-token at position 4711'
    for (const text of [token, `"${token}`, `{"token":"${token}",}`, `${JSON.stringify(START)} ${token}`]) {
      expect(refusal(text)).toMatch(
        /^expected a JSON object, got \d+ characters that are no JSON(?: at position \d+)?$/,
      )
      expect(refusal(text)).not.toContain('4711')
    }
  })

  it('quotes nothing that stands in the place of an object, nor what was keyed', () => {
    const secret = '471100'
    const wholes = [secret, Number(secret), { ...DTMF, dtmf: secret }, { ...MEDIA, media: Number(secret) }]
    const parts = [
      { ...DTMF, dtmf: { digit: secret } },
      { ...DTMF, dtmf: { digit: Number(secret) } },
      { ...START, start: secret },
      { ...START, start: { ...START.start, tracks: secret, customParameters: secret } },
    ]
    for (const message of [...wholes, ...parts]) {
      const complaint = refusal(JSON.stringify(message))
      expect(complaint).toMatch(/, got (?:6 characters|a value of type number)$/)
    }
  })

  it('is a ProtocolError with a short message, whatever came (property)', () => {
    const hostile = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), damaged(Object.values(MESSAGES)))
    fc.assert(
      fc.property(hostile, (text) => {
        expect(refusal(text) ?? 'expected all, got all').toMatch(/^expected [^]{0,600} got [^]{0,600}$/)
      }),
      { numRuns: 500 },
    )
  })
})

/** The same message with the keys of every object in another order and a few unknown fields, as text. */
function shuffled(message: unknown): fc.Arbitrary<string> {
  return fc.infiniteStream(fc.nat()).map((numbers) => JSON.stringify(reordered(message, numbers)))
}

function reordered(value: unknown, numbers: fc.Stream<number>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, reordered(inner, numbers)] as const)
  // Parameters are the application's own: a field added there is a parameter, not an unknown field.
  if (!('token' in value)) entries.push(['later', { payload: '"', media: {} }], ['event2', 'media'])
  const order = new Map(entries.map((entry) => [entry, numbers.next().value ?? 0]))
  return Object.fromEntries(entries.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0)))
}

/** The text of a message with a stretch of it replaced by something else. */
function damaged(messages: readonly object[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...messages.map((message) => JSON.stringify(message))), fc.nat(400), fc.nat(5), fc.string())
    .map(([text, at, length, other]) => text.slice(0, at) + other + text.slice(at + length))
}
