import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectDtmf } from '../../src/audio/dtmf-detector.ts'
import { decodeMulaw } from '../../src/audio/g711.ts'
import { TelephoneDecoder, TelephoneEncoder } from '../../src/audio/telephone-codec.ts'
import { dtmfTones, MAX_DIGITS } from '../../src/audio/tones.ts'
import { UsageError } from '../../src/errors.ts'
import { decibels, fit, noise, rms, sine, speech } from './signals.ts'

const EVERY_KEY = '123A456B789C*0#D'
const digitStrings = fc.string({ unit: fc.constantFrom(...EVERY_KEY.split('')), minLength: 1, maxLength: 12 })

/** To the telephone, as mu-law, and back to 16 kHz. */
function overTheLine(pcm: Int16Array): Int16Array {
  const bytes = new Uint8Array(pcm.length)
  const length = new TelephoneEncoder(16000).encode(pcm, bytes)
  const wide = new Int16Array(2 * length)
  new TelephoneDecoder().decode(bytes.subarray(0, length), wide)
  return wide
}

describe('dialled tones', () => {
  it('last 100 ms with 100 ms of silence after each', () => {
    const samples = dtmfTones('12')
    expect(samples).toHaveLength(0.4 * 16000)
    expect(rms(samples.subarray(0, 1600))).toBeGreaterThan(5000)
    expect(rms(samples.subarray(1600, 3200))).toBe(0)
    expect(rms(samples.subarray(3200, 4800))).toBeGreaterThan(5000)
    expect(rms(samples.subarray(4800))).toBe(0)
  })

  it('have pauses of half a second for w and a second for W', () => {
    expect(dtmfTones('w')).toEqual(new Int16Array(8000))
    expect(dtmfTones('W')).toEqual(new Int16Array(16000))
    expect(dtmfTones('1wW2')).toHaveLength(0.2 * 16000 + 24_000 + 0.2 * 16000)
  })

  it('can be had at 8 kHz, shorter, and closer together', () => {
    expect(dtmfTones('12', { rate: 8000, toneMs: 50, gapMs: 40 })).toHaveLength(2 * 0.09 * 8000)
  })

  it.each([
    ['1', 697, 1209],
    ['A', 697, 1633],
    ['5', 770, 1336],
    ['9', 852, 1477],
    ['*', 941, 1209],
    ['0', 941, 1336],
    ['D', 941, 1633],
  ])('of key %s are %i and %i Hz', (key, low, high) => {
    const middle = dtmfTones(key, { toneMs: 1000 }).subarray(1600, 14_400)
    expect(fit(middle, low, 16000).amplitude).toBeCloseTo(8038, -2)
    expect(fit(middle, high, 16000).amplitude).toBeCloseTo(10_120, -2)
    const both = fit(middle, low, 16000).amplitude ** 2 + fit(middle, high, 16000).amplitude ** 2
    expect(both / 2 / rms(middle) ** 2).toBeCloseTo(1, 2)
  })

  it('begin and end without a click', () => {
    const samples = dtmfTones('5')
    const ends = [...samples.subarray(0, 8), ...samples.subarray(1592, 1600)]
    expect(Math.max(...ends.map((sample) => Math.abs(sample)))).toBeLessThan(1000)
    // A tone that is switched on hard puts a tenth of its level above 5 kHz.
    const spill = Math.max(...[5000, 6000, 7000].map((hz) => fit(samples.subarray(0, 1600), hz, 16000).amplitude))
    expect(decibels(spill / 10_120)).toBeLessThan(-60)
  })

  it.each(['12a', '1 2', '١', '1-2', '😀'])('refuse %j', (digits) => {
    const refuse = (): unknown => dtmfTones(digits)
    expect(refuse).toThrow(UsageError)
    expect(refuse).toThrow(expect.objectContaining({ code: 'DIGITS_INVALID' }))
  })

  it('refuse none, and more than a message can sensibly hold', () => {
    expect(() => dtmfTones('')).toThrow('got 0 characters')
    expect(() => dtmfTones('1'.repeat(MAX_DIGITS + 1))).toThrow(`got ${MAX_DIGITS + 1} characters`)
    expect(dtmfTones('1'.repeat(MAX_DIGITS))).toHaveLength(MAX_DIGITS * 3200)
  })
})

describe('hearing dialled tones', () => {
  it.each([8000, 16000] as const)('hears every key at %i Hz', (rate) => {
    expect(detectDtmf(dtmfTones(EVERY_KEY, { rate }), rate)).toBe(EVERY_KEY)
  })

  it('hears any digits over the line', () => {
    fc.assert(
      fc.property(digitStrings, (digits) => {
        expect(detectDtmf(overTheLine(dtmfTones(digits)), 16000)).toBe(digits)
      }),
      { numRuns: 25 },
    )
  })

  it('hears them straight from mu-law bytes', () => {
    const bytes = new Uint8Array(8000)
    const length = new TelephoneEncoder(8000).encode(dtmfTones('12#', { rate: 8000 }), bytes)
    const pcm = new Int16Array(length)
    decodeMulaw(bytes.subarray(0, length), pcm)
    expect(detectDtmf(pcm, 8000)).toBe('12#')
  })

  it('hears tones and gaps of 45 ms, wherever they begin', () => {
    for (let offset = 0; offset < 200; offset += 13) {
      const tones = dtmfTones('1122D', { rate: 8000, toneMs: 45, gapMs: 45 })
      expect(detectDtmf(new Int16Array([...new Int16Array(offset), ...tones]), 8000)).toBe('1122D')
    }
  })

  it('hears a key held for a second as one, and a pause as nothing', () => {
    expect(detectDtmf(dtmfTones('7', { toneMs: 1000 }), 16000)).toBe('7')
    expect(detectDtmf(dtmfTones('1w1W1'), 16000)).toBe('111')
  })

  it('hears quiet tones, and tones in noise', () => {
    const quiet = dtmfTones('147*').map((sample) => sample / 30)
    expect(detectDtmf(quiet, 16000)).toBe('147*')
    const hiss = noise(12_800)
    expect(
      detectDtmf(
        dtmfTones('147*').map((sample, i) => sample + (hiss[i] ?? 0) / 12),
        16000,
      ),
    ).toBe('147*')
  })

  it.each([
    ['speech', speech('caller')],
    ['other speech', speech('callee')],
    ['noise', noise(16_000)],
    ['silence', new Int16Array(16_000)],
    ['a key among other tones', mixed(dtmfTones('1', { rate: 8000 }), sine(2500, 8000, 1600, 9000))],
    ['a tone of 24 ms', dtmfTones('5', { rate: 8000, toneMs: 24 })],
    ['one tone alone', sine(697, 8000, 8000)],
    ['two tones of which none is high', mixed(sine(697, 8000, 8000, 9000), sine(852, 8000, 8000, 9000))],
  ])('hears no key in %s', (_name, samples) => {
    expect(detectDtmf(samples, 8000)).toBe('')
  })
})

function mixed(one: Int16Array, other: Int16Array): Int16Array {
  return one.map((sample, i) => sample + (other[i] ?? 0))
}
