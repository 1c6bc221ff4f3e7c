import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findMost, type Probe } from '../../src/bench/search.ts'

/** A server that carries so many. */
function carrying(limit: number) {
  const tried: number[] = []
  const probe: Probe = (calls) => {
    tried.push(calls)
    return Promise.resolve(calls <= limit ? 'carried' : 'late')
  }
  return { tried, probe }
}

describe('the search for the most calls', () => {
  it('finds it to its resolution, wherever it begins', async () => {
    const limits = fc.integer({ min: 1, max: 5_000 })
    const starts = fc.integer({ min: 1, max: 10_000 })
    await fc.assert(
      fc.asyncProperty(limits, starts, async (limit, start) => {
        const { probe } = carrying(limit)
        const { most } = await findMost(probe, { start, leap: 1.3, resolution: 0.05, most: 10_000 })
        expect(most).toBeLessThanOrEqual(limit)
        expect(most).toBeGreaterThanOrEqual(Math.floor(limit / 1.06) - 1)
      }),
    )
  })

  it('says what gave way, and nothing where nothing did', async () => {
    const options = { start: 10, leap: 2, resolution: 0.05, most: 100 }
    expect(await findMost(carrying(30).probe, options)).toMatchObject({ limit: 'late' })
    expect(await findMost(carrying(500).probe, options)).toEqual({ most: 100, limit: undefined })
  })

  it('comes to 0 when not even one call is carried', async () => {
    const { probe, tried } = carrying(0)
    expect(await findMost(probe, { start: 8, leap: 2, resolution: 0.05, most: 100 })).toEqual({
      most: 0,
      limit: 'late',
    })
    expect(tried).toEqual([8, 4, 2, 1])
  })

  it('leaps up to the first that is not carried, and halves what lies between', async () => {
    const { probe, tried } = carrying(150)
    await findMost(probe, { start: 50, leap: 2, resolution: 0.1, most: 1_000 })
    expect(tried).toEqual([50, 100, 200, 150, 175, 163])
  })

  it('keeps to what it knows when its time is over', async () => {
    const { probe, tried } = carrying(150)
    const isOver = () => tried.length >= 2
    const found = await findMost(probe, { start: 50, leap: 2, resolution: 0.1, most: 1_000, isOver })
    expect(found).toEqual({ most: 100, limit: 'out of time' })
  })
})
