import { describe, expect, it } from 'vitest'
import { peakDbfs, rmsDbfs } from '../../src/audio/levels.ts'
import { sine, square } from './signals.ts'

describe('the level of a recording', () => {
  it('is 0 dBFS in the peak and -3 dBFS in the mean for a full-scale sine', () => {
    expect(peakDbfs(sine(1000, 16000, 16000, 32767))).toBeCloseTo(0, 2)
    expect(rmsDbfs(sine(1000, 16000, 16000, 32767))).toBeCloseTo(-3.01, 2)
  })

  it('is 0 dBFS in both for a full-scale square wave', () => {
    expect(peakDbfs(square(10, 1000))).toBeCloseTo(0, 2)
    expect(rmsDbfs(square(10, 1000))).toBeCloseTo(0, 2)
  })

  it('counts negative peaks', () => {
    expect(peakDbfs(Int16Array.of(5, -16384))).toBeCloseTo(-6.02, 2)
  })

  it('is minus infinity for silence and for nothing', () => {
    for (const quiet of [new Int16Array(100), new Int16Array(0)]) {
      expect(peakDbfs(quiet)).toBe(-Infinity)
      expect(rmsDbfs(quiet)).toBe(-Infinity)
    }
  })
})
