import { describe, expect, it } from 'vitest'
import { EchoWatch } from '../../src/media/echo-watch.ts'

const TICK_MS = 20

/** A mark every second from `from` on, each echoed so late; returns what was found of each. */
function echoes(watch: EchoWatch, from: number, latenesses: readonly number[]): number[] {
  for (const [index] of latenesses.entries()) watch.placed(`${from}-${index}`, from + index * 1_000)
  return latenesses.map((lateMs, index) => watch.echoed(`${from}-${index}`, from + index * 1_000 + lateMs))
}

/** How often it tells of silence, asked at each tick. */
function told(watch: EchoWatch, from: number, until: number): number[] {
  const times = []
  for (let now = from; now < until; now += TICK_MS) if (watch.tellsOfSilence(now)) times.push(now)
  return times
}

describe('E1: echoes that are later than those of their stream were', () => {
  it('show by how much the carrier is behind, once all of 1.5 s were late, and by the least of them', () => {
    const watch = new EchoWatch()
    expect(echoes(watch, 0, [100, 100])).toEqual([0, 0])
    expect(echoes(watch, 2_000, [2_100, 2_050, 2_200])).toEqual([0, 0, 1_950])
  })

  it('are late no more once that was told', () => {
    const watch = new EchoWatch()
    echoes(watch, 0, [0])
    const dueAt = [1_000, 2_500, 3_500, 5_000]
    for (const [index, due] of dueAt.entries()) watch.placed(`m${index}`, due)
    expect(dueAt.map((due, index) => watch.echoed(`m${index}`, due + 2_000))).toEqual([0, 2_000, 0, 0])
  })

  it('show nothing when a line was as slow from the first', () => {
    expect(echoes(new EchoWatch(), 0, [2_000, 2_000, 2_000, 2_400])).toEqual([0, 0, 0, 0])
  })

  it('show nothing when the first ones came before their time', () => {
    expect(echoes(new EchoWatch(), 0, [-900, -900, 0, 0, 0, 0])).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('show nothing when they stray by half a second', () => {
    expect(echoes(new EchoWatch(), 0, [100, 600, 650, 500, 690])).toEqual([0, 0, 0, 0, 0])
  })
})

describe('E2: one look at the clock', () => {
  it('proves nothing: many late echoes that are read at once, and then prompt ones', () => {
    const watch = new EchoWatch()
    echoes(watch, 0, [0])
    for (const name of ['a', 'b', 'c']) watch.placed(name, 1_000)
    expect(['a', 'b', 'c'].map((name) => watch.echoed(name, 4_000))).toEqual([0, 0, 0])
    expect(echoes(watch, 4_100, [0, 0, 0])).toEqual([0, 0, 0])
  })

  it('proves no silence either, however late it is', () => {
    const watch = new EchoWatch()
    echoes(watch, 0, [0])
    watch.placed('a', 1_000)
    expect(watch.tellsOfSilence(60_000)).toBe(false)
    watch.echoed('a', 60_000)
    expect(told(watch, 60_020, 70_000)).toEqual([])
  })
})

describe('echoes that stop coming', () => {
  it('are told of once, a second after the oldest was 5 s overdue, and again after one has come', () => {
    const watch = new EchoWatch()
    echoes(watch, 0, [40])
    watch.placed('a', 1_000)
    const [at = 0, ...more] = told(watch, 1_000, 20_000)
    expect(at).toBeGreaterThanOrEqual(7_020)
    expect(at).toBeLessThanOrEqual(7_060)
    expect(more).toEqual([])
    watch.echoed('a', 20_000)
    watch.placed('b', 20_000)
    expect(told(watch, 20_000, 30_000)).toHaveLength(1)
  })

  it('E3: are not missed of a carrier that has never echoed, nor of a stream that is gone', () => {
    const watch = new EchoWatch()
    watch.placed('a', 0)
    expect(told(watch, 0, 20_000)).toEqual([])
    watch.echoed('a', 20_000)
    watch.placed('b', 20_000)
    watch.reset()
    watch.placed('c', 20_000)
    expect(told(watch, 20_000, 40_000)).toEqual([])
  })

  it('and are never asked for again are kept in a bounded number', () => {
    const watch = new EchoWatch()
    for (let index = 0; index < 1_000; index += 1) watch.placed(`m${index}`, index)
    watch.placed('last', 1_000)
    expect(watch.echoed('m0', 1_000)).toBe(0)
    // Forgotten, it was no echo at all, so that nothing is missed of this carrier.
    expect(told(watch, 1_000, 20_000)).toEqual([])
  })
})
