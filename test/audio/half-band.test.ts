import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Downsampler16to8, HALF_BAND_DELAY_16K, UP_DOWN_DELAY_8K, Upsampler8to16 } from '../../src/audio/half-band.ts'
import { UsageError } from '../../src/errors.ts'
import { WAYS } from './half-band-ways.ts'
import {
  chunksOf,
  decibels,
  distortionDb,
  fit,
  joined,
  noise,
  rms,
  run,
  sine,
  snrDb,
  speech,
  square,
} from './signals.ts'

const SECOND_8K = 8000
const SECOND_16K = 16000
/** Filters ring in; what they do in the steady state begins here. */
const SETTLED = 200

const sizes = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 12 })
const PASS_BAND = Array.from({ length: 32 }, (_, i) => 300 + 100 * i)

/** The same filter in the plainest way: one output at a time, no lanes, no folding, no clamping. */
function plainly(samples: Int16Array, impulse: readonly number[]): Float64Array {
  return Float64Array.from(samples, (_, n) => impulse.reduce((sum, tap, k) => sum + tap * (samples[n - k] ?? 0), 0))
}

describe.each(WAYS)('%s,', (_name, halfBand) => {
  const up = (samples: Int16Array): Int16Array => run(new Upsampler8to16(halfBand), [samples])
  const down = (samples: Int16Array): Int16Array => run(new Downsampler16to8(halfBand), [samples])

  describe.each([
    ['up', () => new Upsampler8to16(halfBand), noise(7000)],
    ['down', () => new Downsampler16to8(halfBand), noise(7001)],
  ] as const)('the half-band filter on the way %s', (_way, filter, signal) => {
    const whole = run(filter(), [signal], { flush: true })

    it('leaves no trace of 20 ms chunks', () => {
      expect(run(filter(), chunksOf(signal, [160]), { flush: true })).toEqual(whole)
    })

    it('leaves no trace of chunks of any sizes', () => {
      fc.assert(
        fc.property(sizes, (chunkSizes) => {
          expect(run(filter(), chunksOf(signal, chunkSizes), { flush: true })).toEqual(whole)
        }),
        { numRuns: 60 },
      )
    })

    it('is as new after a flush and after a reset', () => {
      const used = filter()
      run(used, [noise(333, 7)], { flush: true })
      expect(run(used, [signal], { flush: true })).toEqual(whole)
      run(used, [noise(333, 7)])
      used.reset()
      expect(run(used, [signal], { flush: true })).toEqual(whole)
    })

    it('has nothing left to say after a flush', () => {
      const used = filter()
      run(used, [signal], { flush: true })
      expect(rms(run(used, [new Int16Array(200)]))).toBe(0)
    })

    it('is not disturbed by another call using its turn', () => {
      const [mine, other] = [filter(), filter()]
      const out = chunksOf(signal, [160]).map((chunk) => {
        run(other, [noise(997, chunk.length)])
        return run(mine, [chunk])
      })
      const together = joined(out)
      expect(together).toEqual(whole.slice(0, together.length))
    })

    it('refuses an output buffer that would swallow samples, and keeps its state', () => {
      const used = filter()
      expect(() => used.process(signal, new Int16Array(100))).toThrow(UsageError)
      expect(run(used, [signal], { flush: true })).toEqual(whole)
    })

    it('passes a constant exactly', () => {
      const constant = new Int16Array(400).fill(12345)
      expect(new Set(run(filter(), [constant]).subarray(100))).toEqual(new Set([12345]))
    })
  })

  describe('from 8 to 16 kHz', () => {
    it('makes exactly two samples of each, every time', () => {
      const filter = new Upsampler8to16(halfBand)
      const out = new Int16Array(400)
      expect(Array.from({ length: 50 }, () => filter.process(new Int16Array(160), out))).toEqual(Array(50).fill(320))
      expect(filter.process(new Int16Array(1), out)).toBe(2)
      expect(filter.process(new Int16Array(0), out)).toBe(0)
    })

    it.each(PASS_BAND)('passes %i Hz within 0.1 dB', (hz) => {
      const { amplitude } = fit(up(sine(hz, 8000, SECOND_8K)).subarray(SETTLED), hz, 16000)
      expect(Math.abs(decibels(amplitude / 16384))).toBeLessThan(0.1)
    })

    it('keeps the image of 3 kHz 60 dB down', () => {
      const out = up(sine(3000, 8000, SECOND_8K)).subarray(SETTLED)
      expect(decibels(fit(out, 5000, 16000).amplitude / 16384)).toBeLessThan(-60)
    })

    it('distorts 1 kHz at -6 dBFS by less than -60 dB', () => {
      expect(distortionDb(up(sine(1000, 8000, SECOND_8K)).subarray(SETTLED), 1000, 16000)).toBeLessThan(-60)
    })

    it('is at most 2 ms late', () => {
      const impulse = new Int16Array(200)
      impulse[50] = 20000
      const out = up(impulse)
      expect(out.indexOf(Math.max(...out))).toBe(2 * 50 + HALF_BAND_DELAY_16K)
      expect((HALF_BAND_DELAY_16K / 16000) * 1000).toBeLessThanOrEqual(2)
    })
  })

  describe('from 16 to 8 kHz', () => {
    it('makes exactly one sample of two, every frame', () => {
      const filter = new Downsampler16to8(halfBand)
      const out = new Int16Array(200)
      expect(Array.from({ length: 50 }, () => filter.process(new Int16Array(320), out))).toEqual(Array(50).fill(160))
    })

    it.each(PASS_BAND)('passes %i Hz within 0.1 dB', (hz) => {
      const { amplitude } = fit(down(sine(hz, 16000, SECOND_16K)).subarray(SETTLED), hz, 8000)
      expect(Math.abs(decibels(amplitude / 16384))).toBeLessThan(0.1)
    })

    it.each(Array.from({ length: 67 }, (_, i) => 4600 + 50 * i))('keeps %i Hz from coming back as an alias', (hz) => {
      const out = down(sine(hz, 16000, SECOND_16K)).subarray(SETTLED)
      expect(decibels(rms(out) / (16384 / Math.SQRT2))).toBeLessThan(-60)
    })

    it('distorts 1 kHz at -6 dBFS by less than -85 dB', () => {
      expect(distortionDb(down(sine(1000, 16000, SECOND_16K)).subarray(SETTLED), 1000, 8000)).toBeLessThan(-85)
    })

    it('is at most 2 ms late: an impulse comes out as two equal samples around the delay of 15.5', () => {
      const impulse = new Int16Array(400)
      impulse[100] = 20000
      const out = down(impulse)
      const peak = out.indexOf(Math.max(...out))
      expect(peak).toBe((100 + HALF_BAND_DELAY_16K - 1) / 2)
      expect(out[peak + 1]).toBe(out[peak])
    })
  })

  describe('up and down again', () => {
    it.each(['caller', 'callee'] as const)('is the %s, later by a whole number of samples', (name) => {
      const original = speech(name)
      const back = run(new Downsampler16to8(halfBand), [run(new Upsampler8to16(halfBand), [original], { flush: true })])
      expect(snrDb(original, back.subarray(UP_DOWN_DELAY_8K))).toBeGreaterThan(40)
    })
  })

  describe('at full scale', () => {
    const impulse = new Int16Array(100)
    impulse[0] = 32767
    // The response to an impulse in the even and in the odd place is the whole filter; 16-bit rounding is its only error.
    const branch = Array.from(up(impulse).subarray(0, 64), (sample) => sample / 32767)

    it.each([1, 2, 3, 5, 8, 40])('a square wave of half period %i is clamped and never wraps on the way up', (half) => {
      const signal = square(half, 2000)
      const stuffed = Int16Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? (signal[i / 2] ?? 0) : 0))
      const exact = plainly(stuffed, branch)
      for (const [i, sample] of up(signal).entries()) {
        const clamped = Math.max(-32768, Math.min(32767, exact[i] ?? 0))
        expect(Math.abs(sample - clamped)).toBeLessThan(64)
      }
    })

    it.each([1, 2, 3, 5, 8, 40])(
      'a square wave of half period %i is clamped and never wraps on the way down',
      (half) => {
        const signal = square(half, 4000)
        const exact = plainly(
          signal,
          branch.map((tap) => tap / 2),
        )
        for (const [i, sample] of down(signal).entries()) {
          const clamped = Math.max(-32768, Math.min(32767, exact[2 * i] ?? 0))
          expect(Math.abs(sample - clamped)).toBeLessThan(64)
        }
      },
    )

    it('does overshoot, so that clamping is put to the test', () => {
      expect(Math.max(...up(square(40, 2000)))).toBe(32767)
      expect(Math.min(...up(square(40, 2000)))).toBe(-32768)
      expect(Math.max(...down(square(80, 4000)))).toBe(32767)
      expect(Math.min(...down(square(80, 4000)))).toBe(-32768)
    })
  })
})
