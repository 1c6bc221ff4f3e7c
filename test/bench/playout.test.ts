import { describe, expect, it } from 'vitest'
import { Playout } from '../../src/bench/load/playout.ts'

describe("the caller's buffer", () => {
  it('has no gap as long as audio comes before it is dry, however unevenly', () => {
    const playout = new Playout()
    expect([playout.write(20, 1_000), playout.write(60, 1_010), playout.write(20, 1_079)]).toEqual([0, 0, 0])
  })

  it('tells for how long it was dry, and counts on from there', () => {
    const playout = new Playout()
    playout.write(20, 1_000)
    expect(playout.write(20, 1_065)).toBe(45)
    expect(playout.write(20, 1_080)).toBe(0)
    expect(playout.dryForMs(1_110)).toBe(5)
  })

  it('is not dry before the first audio, nor after a clear', () => {
    const playout = new Playout()
    expect(playout.dryForMs(1_000)).toBe(0)
    playout.write(500, 1_000)
    playout.clear(1_100)
    expect(playout.heardFrom(1_150)).toBe(1_150)
    expect(playout.write(20, 1_400)).toBe(0)
  })

  it('echoes a mark when what came before it has been heard, once', () => {
    const playout = new Playout()
    playout.write(40, 1_000)
    playout.mark('a', 1_001)
    playout.write(40, 1_002)
    playout.mark('b', 1_003)
    expect(playout.takeDueMarks(1_039)).toEqual([])
    expect(playout.takeDueMarks(1_040)).toEqual(['a'])
    expect(playout.takeDueMarks(1_080)).toEqual(['b'])
    expect(playout.takeDueMarks(2_000)).toEqual([])
  })

  it('echoes all marks at a clear, in their order', () => {
    const playout = new Playout()
    playout.write(400, 1_000)
    playout.mark('a', 1_000)
    playout.mark('b', 1_000)
    playout.clear(1_010)
    expect(playout.takeDueMarks(1_010)).toEqual(['a', 'b'])
  })
})
