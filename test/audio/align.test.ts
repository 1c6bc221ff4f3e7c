import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alignSpeech } from '../../src/audio/align.ts'
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { noise, speech } from './signals.ts'

const SECOND = 8000
const callee = speech('callee')
const caller = speech('caller')

/** `lag` samples of near-silence, then the speech, `gain` times as loud. */
function later(samples: Int16Array, lag: number, gain = 1): Int16Array {
  const out = noise(lag + samples.length, 3).map((sample) => sample >> 12)
  for (const [i, sample] of samples.entries()) out[lag + i] = Math.round(gain * sample)
  return out
}

function overMulaw(samples: Int16Array): Int16Array {
  const bytes = new Uint8Array(samples.length)
  encodeMulaw(samples, bytes)
  const out = new Int16Array(samples.length)
  decodeMulaw(bytes, out)
  return out
}

describe('aligning what was heard with what was sent', () => {
  it('finds any lag to the sample', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 * SECOND }), (lag) => {
        expect(alignSpeech(callee, later(callee, lag), { maxLag: 3 * SECOND }).lagSamples).toBe(lag)
      }),
      { numRuns: 8 },
    )
  })

  it('finds a lag at the very limit, and none beyond it', () => {
    expect(alignSpeech(callee, later(callee, 1003), { maxLag: 1003 }).lagSamples).toBe(1003)
    expect(Math.abs(alignSpeech(callee, later(callee, 1003), { maxLag: 1000 }).lagSamples)).toBeLessThanOrEqual(1000)
  })

  it('finds speech whose beginning was not heard', () => {
    const alignment = alignSpeech(callee, callee.subarray(5003), { maxLag: 2 * SECOND })
    expect(alignment).toEqual({ lagSamples: -5003, correlation: expect.closeTo(1, 6), snrDb: Infinity })
  })

  it('finds speech that was cut off', () => {
    const alignment = alignSpeech(callee, later(callee.subarray(0, SECOND), 777), { maxLag: 2 * SECOND })
    expect(alignment.lagSamples).toBe(777)
  })

  it('finds one of two voices', () => {
    const both = new Int16Array([...caller, ...callee])
    expect(alignSpeech(callee, both, { maxLag: both.length }).lagSamples).toBe(caller.length)
    expect(alignSpeech(caller, both, { maxLag: both.length }).lagSamples).toBe(0)
  })

  it('finds a quiet voice after a loud one', () => {
    const both = new Int16Array([...caller, ...callee.map((sample) => sample / 25)])
    expect(alignSpeech(callee, both, { maxLag: both.length }).lagSamples).toBe(caller.length)
  })

  it('does not count loudness as loss', () => {
    const alignment = alignSpeech(callee, later(callee, 400, 0.5), { maxLag: 800 })
    expect(alignment.lagSamples).toBe(400)
    expect(alignment.snrDb).toBeGreaterThan(55)
  })

  it('is not led astray by the pitch of a voice, in which a moment resembles the one before', () => {
    for (let start = 4000; start < 20_000; start += 1000) {
      const vowel = caller.subarray(start, start + 1000)
      expect(alignSpeech(vowel, later(vowel, 1004), { maxLag: 2000 }).lagSamples).toBe(1004)
    }
  })

  it('says how much was lost', () => {
    const { snrDb, correlation } = alignSpeech(callee, overMulaw(callee), { maxLag: 800 })
    expect(snrDb).toBeGreaterThan(30)
    expect(snrDb).toBeLessThan(45)
    expect(correlation).toBeGreaterThan(0.999)
  })

  it('measures the noise that was added', () => {
    // -20 dB of noise, relative to the speech
    const hiss = noise(callee.length, 5)
    const scale = 0.1 * Math.sqrt(energyOf(callee) / energyOf(hiss))
    const noisy = callee.map((sample, i) => Math.round(sample + scale * (hiss[i] ?? 0)))
    expect(alignSpeech(callee, noisy, { maxLag: 800 }).snrDb).toBeCloseTo(20, 0)
  })

  it('says that another voice is unrelated', () => {
    const { correlation, snrDb } = alignSpeech(callee, caller, { maxLag: SECOND })
    expect(correlation).toBeLessThan(0.5)
    expect(snrDb).toBeLessThan(0)
  })

  it.each([
    ['silence', new Int16Array(5000)],
    ['nothing', new Int16Array(0)],
  ])('finds nothing in %s', (_name, quiet) => {
    const nothing = { correlation: 0, snrDb: -Infinity }
    expect(alignSpeech(callee, quiet, { maxLag: 800 })).toMatchObject(nothing)
    expect(alignSpeech(quiet, callee, { maxLag: 800 })).toMatchObject(nothing)
  })
})

function energyOf(samples: Int16Array): number {
  return samples.reduce((sum, sample) => sum + sample * sample, 0)
}
