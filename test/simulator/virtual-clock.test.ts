import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'

describe('a virtual clock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new VirtualClock(5)
    let fired = false
    clock.setTimeout(() => (fired = true), 10)
    await clock.advance(9.5)
    expect(fired).toBe(false)
    expect(clock.now()).toBe(14.5)
    await clock.advance(0.5)
    expect(fired).toBe(true)
  })

  it('fires timers in the order of their deadlines, those of one deadline in the order they were set', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -3, max: 20 })), async (delays) => {
        const clock = new VirtualClock()
        const fired: { at: number; index: number }[] = []
        for (const [index, delay] of delays.entries())
          clock.setTimeout(() => fired.push({ at: clock.now(), index }), delay)
        await clock.advance(20)
        const expected = delays
          .map((delay, index) => ({ at: Math.max(0, delay), index }))
          .toSorted((a, b) => a.at - b.at || a.index - b.index)
        expect(fired).toEqual(expected)
        expect(clock.pending).toBe(0)
      }),
    )
  })

  it('shows a timer its own deadline, and fires what it sets for the time that is left', async () => {
    const clock = new VirtualClock()
    const seen: number[] = []
    const again = (): void => {
      seen.push(clock.now())
      clock.setTimeout(again, 7)
    }
    again()
    await clock.advance(20)
    expect(seen).toEqual([0, 7, 14])
    expect(clock.pending).toBe(1)
  })

  it('that is blocked fires what fell due meanwhile afterwards, late, in its order', async () => {
    const clock = new VirtualClock()
    const fired: (readonly [string, number])[] = []
    clock.setTimeout(() => fired.push(['second', clock.now()]), 30)
    clock.setTimeout(() => {
      fired.push(['first', clock.now()])
      clock.setTimeout(() => fired.push(['again', clock.now()]), 10)
    }, 20)
    clock.setTimeout(() => fired.push(['later', clock.now()]), 501)
    await clock.block(500)
    expect(fired).toEqual([
      ['first', 500],
      ['second', 500],
    ])
    await clock.advance(10)
    expect(fired.slice(2)).toEqual([
      ['later', 501],
      ['again', 510],
    ])
  })

  it('does not fire a timer that was cleared, not even by another one of the same instant', async () => {
    const clock = new VirtualClock()
    const fired: string[] = []
    clock.setTimeout(() => {
      fired.push('first')
      clock.clearTimeout(second)
    }, 5)
    const second = clock.setTimeout(() => fired.push('second'), 5)
    await clock.advance(10)
    expect(fired).toEqual(['first'])
    expect(clock.pending).toBe(0)
  })

  it('lets everything settle before time first moves and after each instant', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    clock.onSettle(async () => {
      await Promise.resolve()
      log.push(`settled at ${clock.now()}`)
    })
    for (const at of [3, 3, 8]) clock.setTimeout(() => log.push(`fired at ${clock.now()}`), at)
    await clock.advance(10)
    expect(log).toEqual(['settled at 0', 'fired at 3', 'fired at 3', 'settled at 3', 'fired at 8', 'settled at 8'])
  })

  it('lets promise jobs set timers that still fall into the same advance', async () => {
    const clock = new VirtualClock()
    let at = 0
    clock.setTimeout(() => void Promise.resolve().then(() => clock.setTimeout(() => (at = clock.now()), 2)), 1)
    await clock.advance(5)
    expect(at).toBe(3)
  })

  it('no longer awaits a hook that was taken away', async () => {
    const clock = new VirtualClock()
    let settled = 0
    const remove = clock.onSettle(() => void (settled += 1))
    await clock.advance(1)
    remove()
    await clock.advance(1)
    expect(settled).toBe(1)
  })

  it('moves until a predicate holds, and stops at the very instant it does', async () => {
    const clock = new VirtualClock()
    let rang = false
    clock.setTimeout(() => (rang = true), 123)
    await clock.until(() => rang)
    expect(clock.now()).toBe(123)
  })

  it('says what it waited for when the time is up', async () => {
    const clock = new VirtualClock()
    await expect(clock.until(() => false, { timeoutMs: 50, what: 'rain' })).rejects.toThrow(
      'waited 50 ms of virtual time for rain',
    )
    expect(clock.now()).toBe(50)
  })

  it('serves several who wait at once without hurrying', async () => {
    const clock = new VirtualClock()
    const woken: number[] = []
    const wait = (at: number): Promise<void> =>
      clock.until(() => clock.now() >= at).then(() => void woken.push(clock.now()))
    await Promise.all([wait(30), wait(10), wait(20)])
    expect(woken).toEqual([10, 20, 30])
  })

  it('lets advances follow one another', async () => {
    const clock = new VirtualClock()
    await Promise.all([clock.advance(10), clock.advance(5)])
    expect(clock.now()).toBe(15)
  })

  it('rejects with what a timer throws, and can go on afterwards', async () => {
    const clock = new VirtualClock()
    clock.setTimeout(() => {
      throw new Error('broken')
    }, 1)
    await expect(clock.advance(5)).rejects.toThrow('broken')
    await clock.advance(5)
    expect(clock.now()).toBe(6)
  })

  it('refuses to stand still for ever because of timers without delay', async () => {
    const clock = new VirtualClock()
    const again = (): void => void clock.setTimeout(again, 0)
    again()
    await expect(clock.advance(1)).rejects.toThrow('timers without delay keep the clock at 0 ms')
  })
})
