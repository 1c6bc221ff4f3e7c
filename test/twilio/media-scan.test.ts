import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanMedia } from '../../src/twilio/media-scan.ts'
import { parseBySchema } from '../../src/twilio/messages.ts'
import { MEDIA, MESSAGES, STREAM_SID } from './wire-messages.ts'

const USUAL = JSON.stringify(MEDIA)

/** Whenever the scan answers, the schema must give the same answer; when it does not, nothing is claimed. */
function agrees(text: string): boolean {
  const scanned = scanMedia(text)
  return scanned === undefined || isDeepStrictEqual(parseBySchema(text), scanned)
}

/** Strings that look like parts of a media message, and others. */
const hostile = fc.oneof(
  fc.constantFrom(
    '","payload":"AAAA',
    '"payload":"',
    '\\"payload\\":\\"',
    '"},"streamSid":"MZ',
    USUAL,
    'media',
    '__proto__',
    '\u2028',
    '\\',
    '\u0000',
  ),
  fc.string({ unit: 'binary' }),
)

/** Mostly the first, so that a whole message made of such choices is often a good one. */
const mostly = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: good, weight: 15 }, { arbitrary: odd, weight: 1 })

const digits = mostly(fc.nat().map(String), fc.constantFrom('007', '999999999999999', '9999999999999999', '-1', ''))
const payload = mostly(
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  hostile,
)
const space = mostly(fc.constant(''), fc.constantFrom(' ', '\n', '\t '))

/** JSON text of pairs in the order given, keys perhaps twice, with white space between the tokens. */
function objectText(pairs: readonly (readonly [string, string])[], gap: string): string {
  return `{${gap}${pairs.map(([key, value]) => `${JSON.stringify(key)}:${gap}${value}`).join(`,${gap}`)}${gap}}`
}

function fields(known: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<[string, string][]> {
  const extra = fc.tuple(
    fc.oneof(fc.constantFrom('mark', 'extra', ...Object.keys(known)), hostile),
    fc.oneof(hostile, fc.record({ name: hostile, payload: hostile })).map((value) => JSON.stringify(value)),
  )
  const all = fc.tuple(...Object.entries(known).map(([key, value]) => fc.tuple(fc.constant(key), value)))
  const mixed = fc.tuple(all, fc.array(extra, { maxLength: 2 })).chain(([pairs, more]) => {
    return fc.shuffledSubarray([...pairs, ...more], { minLength: pairs.length - 1 })
  })
  return fc.oneof(
    mixed,
    all.map((pairs) => [...pairs]),
  )
}

const text = (value: fc.Arbitrary<string>) => value.map((inner) => JSON.stringify(inner))

const inner = fc
  .tuple(
    fields({
      track: text(mostly(fc.constantFrom('inbound', 'outbound'), fc.constant('both'))),
      chunk: text(digits),
      timestamp: text(digits),
      payload: text(payload),
    }),
    space,
  )
  .map(([pairs, gap]) => objectText(pairs, gap))

const mediaText = fc
  .tuple(
    fields({
      event: text(mostly(fc.constant('media'), fc.constant('mark'))),
      sequenceNumber: text(digits),
      media: inner,
      streamSid: text(mostly<string>(fc.constant(STREAM_SID), fc.constant('MZ1'))),
    }),
    space,
  )
  .map(([pairs, gap]) => objectText(pairs, gap))

describe('the media scan', () => {
  it('reads the message as Twilio writes it, at any payload length', () => {
    for (const length of [0, 1, 2, 3, 160, 320, 40_000]) {
      const audio = Buffer.alloc(length, 0x7f).toString('base64')
      const message = JSON.stringify({ ...MEDIA, media: { ...MEDIA.media, payload: audio } })
      expect(scanMedia(message)).toStrictEqual(parseBySchema(message))
      expect(scanMedia(message)).toHaveProperty('payload', audio)
    }
  })

  it.each([
    ['white space', USUAL.replace(',', ', ')],
    ['another order', USUAL.replace('"event":"media",', '').replace(/\}$/, ',"event":"media"}')],
    ['a new field', USUAL.replace('"track"', '"rate":8000,"track"')],
    ['a field twice', USUAL.replace('"track"', '"payload":"AAAA","track"')],
    ['an escaped slash', USUAL.replace('"payload":"', String.raw`"payload":"\/`)],
    ['an escaped key', USUAL.replace('"payload"', String.raw`"\u0070ayload"`)],
  ])('leaves %s to the schema', (_, message) => {
    expect(scanMedia(message)).toBeUndefined()
    expect(parseBySchema(message)).toHaveProperty('event', 'media')
  })

  it.each([
    ['a line break in the payload', USUAL.replace('"payload":"', '"payload":"\n')],
    ['text after the end', `${USUAL}\n{}`],
    ['a second message after it', USUAL + USUAL],
    ['an end cut off', USUAL.slice(0, -1)],
    ['a payload that is not base64', USUAL.replace('"payload":"', '"payload":"é')],
    ['a counter too long to be exact', USUAL.replace('"155"', '"9007199254740993"')],
  ])('does not take %s, and neither does the schema', (_, message) => {
    expect(scanMedia(message)).toBeUndefined()
    expect(() => parseBySchema(message)).toThrow(/^expected /)
  })

  it('takes no other message for media, even with media inside', () => {
    const others = Object.values(MESSAGES).filter((message) => message !== MEDIA)
    expect(others.map((message) => scanMedia(JSON.stringify(message)))).toEqual(others.map(() => undefined))
    const mark = JSON.stringify({ event: 'mark', sequenceNumber: '2', streamSid: STREAM_SID, mark: { name: USUAL } })
    expect(scanMedia(mark)).toBeUndefined()
    expect(parseBySchema(mark)).toMatchObject({ event: 'mark', name: USUAL })
  })

  it('agrees with the schema whenever it answers, however the message is written (property)', () => {
    let answered = 0
    fc.assert(
      fc.property(mediaText, (message) => {
        if (scanMedia(message) !== undefined) answered += 1
        expect(agrees(message)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
    // Otherwise the property would hold for a scan that never answers.
    expect(answered).toBeGreaterThan(100)
  })

  it('agrees with the schema on the usual message with any character changed (property)', () => {
    const damage = fc.tuple(fc.nat(USUAL.length), fc.nat(2), fc.oneof(hostile, fc.string({ maxLength: 2 })))
    fc.assert(
      fc.property(damage, ([at, length, other]) => {
        expect(agrees(USUAL.slice(0, at) + other + USUAL.slice(at + length))).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})
