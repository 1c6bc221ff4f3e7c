import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Chore } from '../../src/archive/chore.ts'

describe('a chore', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Steps do what `outcomes` say, one after the other; then there is nothing more to do. */
  function choreOf(outcomes: ('more' | 'done' | 'fails')[], everyMs?: number) {
    const told: string[] = []
    const chore = new Chore({
      step: () => {
        const outcome = outcomes.shift() ?? 'done'
        told.push(outcome)
        if (outcome === 'fails') throw new Error('no room')
        return outcome === 'more'
      },
      ...(everyMs === undefined ? {} : { everyMs }),
      onTrouble: (error) => told.push(`trouble: ${String(error)}`),
      onHealed: () => told.push('healed'),
    })
    return { chore, told }
  }

  it('goes on while there is more, and lets others go first in between', async () => {
    const { chore, told } = choreOf(['more', 'more', 'done'])
    chore.run()
    expect(told).toEqual(['more'])
    await vi.runAllTimersAsync()
    expect(told).toEqual(['more', 'more', 'done'])
  })

  it('tells trouble once, tries again less and less often, and tells once that it is over', async () => {
    const { chore, told } = choreOf(['fails', 'fails', 'fails', 'fails', 'fails', 'fails', 'done', 'fails'])
    chore.run()
    await vi.advanceTimersByTimeAsync(250 + 500 + 1_000 + 2_000 + 3_000)
    expect(told.filter((each) => each === 'fails')).toHaveLength(6)
    await vi.advanceTimersByTimeAsync(2_999)
    expect(told.at(-1)).toBe('fails')
    await vi.advanceTimersByTimeAsync(1)
    expect(told.slice(-2)).toEqual(['done', 'healed'])
    chore.run()
    expect(told.filter((each) => each === 'trouble: Error: no room')).toHaveLength(2)
    chore.stop()
  })

  it('comes back after a while, if it is to', async () => {
    const { chore, told } = choreOf([], 1_000)
    chore.run()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(told).toHaveLength(4)
    chore.stop()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(told).toHaveLength(4)
  })

  it('tries at once when it is told to run', () => {
    const { chore, told } = choreOf(['fails', 'done'])
    chore.run()
    chore.run()
    expect(told.at(-1)).toBe('healed')
    expect(vi.getTimerCount()).toBe(0)
  })
})
