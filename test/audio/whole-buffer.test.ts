import { describe, expect, it } from 'vitest'
import { doubleRate, halveRate } from '../../src/audio/whole-buffer.ts'
import { sine, snrDb, speech } from './signals.ts'

describe('a whole buffer', () => {
  it('has twice the samples at twice the rate, and each is where it was', () => {
    const wide = doubleRate(sine(440, 8000, 4000))
    expect(wide).toHaveLength(8000)
    expect(snrDb(sine(440, 16000, 8000).subarray(200, 7800), wide.subarray(200, 7800))).toBeGreaterThan(60)
  })

  it.each([8000, 8001])('of %i samples has half of them at half the rate, and each is where it was', (length) => {
    const narrow = halveRate(sine(440, 16000, length))
    expect(narrow).toHaveLength(Math.ceil(length / 2))
    expect(snrDb(sine(440, 8000, 4000).subarray(100, 3900), narrow.subarray(100, 3900))).toBeGreaterThan(60)
  })

  it('of speech survives both', () => {
    const original = speech('caller')
    expect(snrDb(original, halveRate(doubleRate(original)))).toBeGreaterThan(40)
  })

  it.each([0, 1, 2, 3])('may be as short as %i samples', (length) => {
    expect(doubleRate(new Int16Array(length))).toEqual(new Int16Array(2 * length))
    expect(halveRate(new Int16Array(length))).toEqual(new Int16Array(Math.ceil(length / 2)))
  })
})
