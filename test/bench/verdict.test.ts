import { describe, expect, it } from 'vitest'
import { quantilesOf } from '../../src/bench/quantiles.ts'
import { judge } from '../../src/bench/verdict.ts'
import { someLoad } from './some-figures.ts'

const ECHO = 0

describe('whether so many calls are carried', () => {
  it('they are, when nothing is late, lost or interrupted', () => {
    expect(judge(someLoad(), ECHO)).toBe('carried')
  })

  it('the echo may take 20 ms, and what the design waits for on purpose', () => {
    const late = someLoad({ echoMs: quantilesOf([25]) })
    expect(judge(late, ECHO)).toBe('late')
    expect(judge(late, 20)).toBe('carried')
    expect(judge(someLoad({ echoMs: quantilesOf([41]) }), 20)).toBe('late')
  })

  it('a gap at a caller, a lost call, or no audio at all is too much', () => {
    expect(judge(someLoad({ gaps: 1 }), ECHO)).toBe('gaps')
    expect(judge(someLoad({ losses: 1 }), ECHO)).toBe('calls lost')
    expect(judge(someLoad({ framesHeard: 0, echoMs: quantilesOf([]) }), ECHO)).toBe('late')
  })

  it('a load generator that cannot keep up itself makes every other complaint void', () => {
    const troubles = { gaps: 3, losses: 1, echoMs: quantilesOf([500]) }
    expect(judge(someLoad({ ...troubles, ownCpu: 0.98 }), ECHO)).toBe('generator saturated')
    expect(judge(someLoad({ ...troubles, ownLatenessMs: quantilesOf([30]) }), ECHO)).toBe('generator saturated')
  })
})
