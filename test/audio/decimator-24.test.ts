import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DECIMATOR_24_DELAY_8K, Downsampler24to8 } from '../../src/audio/decimator-24.ts'
import { UsageError } from '../../src/errors.ts'
import { chunksOf, decibels, distortionDb, fit, noise, rms, run, sine, square } from './signals.ts'

const SECOND_24K = 24000
const SETTLED = 200

const down = (samples: Int16Array): Int16Array => run(new Downsampler24to8(), [samples])

describe('from 24 to 8 kHz', () => {
  it.each([6000, 6001, 6002])('leaves no trace of chunks of any sizes in %i samples', (length) => {
    const signal = noise(length)
    const whole = run(new Downsampler24to8(), [signal], { flush: true })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        expect(run(new Downsampler24to8(), chunksOf(signal, sizes), { flush: true })).toEqual(whole)
      }),
      { numRuns: 40 },
    )
  })

  it('makes exactly 160 samples of 480, and carries what does not divide by three', () => {
    const filter = new Downsampler24to8()
    const out = new Int16Array(200)
    const counts = [480, 480, 1, 1, 1, 2, 2, 2, 4].map((length) => filter.process(new Int16Array(length), out))
    expect(counts).toEqual([160, 160, 0, 0, 1, 0, 1, 1, 1])
  })

  it.each(Array.from({ length: 32 }, (_, i) => 300 + 100 * i))('passes %i Hz within 0.1 dB', (hz) => {
    const { amplitude } = fit(down(sine(hz, 24000, SECOND_24K)).subarray(SETTLED), hz, 8000)
    expect(Math.abs(decibels(amplitude / 16384))).toBeLessThan(0.1)
  })

  it.each(Array.from({ length: 74 }, (_, i) => 4600 + 100 * i))('keeps %i Hz from coming back as an alias', (hz) => {
    const out = down(sine(hz, 24000, SECOND_24K)).subarray(SETTLED)
    expect(decibels(rms(out) / (16384 / Math.SQRT2))).toBeLessThan(-60)
  })

  it('distorts 1 kHz at -6 dBFS by less than -85 dB', () => {
    expect(distortionDb(down(sine(1000, 24000, SECOND_24K)).subarray(SETTLED), 1000, 8000)).toBeLessThan(-85)
  })

  it('is late by the samples it says, at most 2 ms', () => {
    const impulse = new Int16Array(600)
    impulse[300] = 20000
    const out = down(impulse)
    expect(out.indexOf(Math.max(...out))).toBe(100 + DECIMATOR_24_DELAY_8K)
    // Linear phase: what comes before the peak mirrors what comes after it.
    const around = out.subarray(100, 100 + 2 * DECIMATOR_24_DELAY_8K + 1)
    expect(around).toEqual(around.toReversed())
    expect(DECIMATOR_24_DELAY_8K / 8).toBeLessThanOrEqual(2)
  })

  it('passes a constant exactly', () => {
    expect(new Set(down(new Int16Array(900).fill(-12345)).subarray(100))).toEqual(new Set([-12345]))
  })

  it('clamps a full-scale square wave and never wraps it', () => {
    const half = 120
    const out = down(square(half, 6000))
    expect(Math.max(...out)).toBe(32767)
    expect(Math.min(...out)).toBe(-32768)
    for (const [i, sample] of out.entries()) {
      const source = 3 * (i - DECIMATOR_24_DELAY_8K)
      const intoHalf = ((source % half) + half) % half
      // Two samples to either side of an edge the wave is on its way.
      if (source < 6 || intoHalf < 6 || intoHalf > half - 6) continue
      expect(Math.sign(sample)).toBe(Math.floor(source / half) % 2 === 0 ? 1 : -1)
    }
  })

  it('is as new after a flush and after a reset, whatever it carried', () => {
    const signal = noise(3000)
    const whole = run(new Downsampler24to8(), [signal], { flush: true })
    const used = new Downsampler24to8()
    run(used, [noise(334, 7)], { flush: true })
    expect(run(used, [signal], { flush: true })).toEqual(whole)
    run(used, [noise(335, 7)])
    used.reset()
    expect(run(used, [signal], { flush: true })).toEqual(whole)
  })

  it('flushes the whole echo of the last sample', () => {
    for (const length of [600, 601, 602]) {
      const used = new Downsampler24to8()
      const flushed = run(used, [noise(length)], { flush: true })
      const fed = down(new Int16Array([...noise(length), ...new Int16Array(300)]))
      expect(flushed).toEqual(fed.slice(0, flushed.length))
      expect(rms(fed.subarray(flushed.length))).toBe(0)
    }
  })

  it('refuses an output buffer that would swallow samples', () => {
    expect(() => new Downsampler24to8().process(new Int16Array(480), new Int16Array(159))).toThrow(UsageError)
  })
})
