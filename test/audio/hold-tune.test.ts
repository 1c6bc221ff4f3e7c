import { describe, expect, it } from 'vitest'
import { composeHoldTune } from '../../src/audio/hold-tune.ts'
import { peakDbfs, rmsDbfs } from '../../src/audio/levels.ts'

const tune = composeHoldTune()
const at = (index: number) => tune[(index + tune.length) % tune.length] ?? 0
/** How sharply the line bends at a sample: a click is a bend that no tone makes. */
const bendAt = (index: number) => Math.abs(at(index - 1) - 2 * at(index) + at(index + 1))

describe('the tune on hold', () => {
  it('lasts eight seconds and is quiet throughout: heard, but under a voice', () => {
    expect(tune.length).toBe(64_000)
    expect(rmsDbfs(tune)).toBeCloseTo(-26, 1)
    expect(peakDbfs(tune)).toBeLessThan(-12)
    for (let from = 0; from < tune.length; from += 4_000) {
      const half = rmsDbfs(tune.subarray(from, from + 4_000))
      expect(half).toBeGreaterThan(-30)
      expect(half).toBeLessThan(-22)
    }
  })

  it('has no click, neither within nor where it starts anew', () => {
    // The highest tone it has is 1047 Hz: a sine of that pitch bends by 0.66 of its height, and they never all agree.
    const bends = Array.from(tune, (_, i) => bendAt(i))
    const sharpest = Math.max(...bends)
    expect(Math.max(bendAt(0), bendAt(tune.length - 1))).toBeLessThan(sharpest / 2)
    const mean = bends.reduce((sum, bend) => sum + bend, 0) / bends.length
    expect(sharpest).toBeLessThan(8 * mean)
  })

  it('rings on over its end: the beginning is no silence', () => {
    expect(rmsDbfs(tune.subarray(0, 80))).toBeGreaterThan(-40)
    expect(rmsDbfs(tune.subarray(-80))).toBeGreaterThan(-40)
  })
})
