import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ticker, type Ticking } from '../../src/media/ticker.ts'
import { HandClock } from './hand-clock.ts'

function rig() {
  const clock = new HandClock()
  const ticker = new Ticker(clock)
  const begin = clock.now()
  /** A subscriber that notes when it is ticked, and how late. */
  const subscriber = (onTick: () => void = () => {}) => {
    const ticks: { at: number; lateMs: number }[] = []
    const faults: unknown[] = []
    const ticking: Ticking = {
      tick: (now, lateMs) => {
        ticks.push({ at: now - begin, lateMs })
        onTick()
      },
      fault: (error) => faults.push(error),
    }
    return { ticks, faults, ticking }
  }
  return { clock, ticker, subscriber }
}

describe('T1: deadlines are absolute', () => {
  it('every 20 ms', () => {
    const { clock, ticker, subscriber } = rig()
    const { ticks, ticking } = subscriber()
    ticker.add(ticking)
    clock.advance(100)
    expect(ticks).toEqual([20, 40, 60, 80, 100].map((at) => ({ at, lateMs: 0 })))
  })

  it('so a late tick does not delay the next one', () => {
    const { clock, ticker, subscriber } = rig()
    const { ticks, ticking } = subscriber()
    ticker.add(ticking)
    clock.advance(30)
    clock.block(15)
    clock.advance(35)
    expect(ticks).toEqual([
      { at: 20, lateMs: 0 },
      { at: 45, lateMs: 5 },
      { at: 60, lateMs: 0 },
      { at: 80, lateMs: 0 },
    ])
    expect(ticker.lateness.count).toBe(4)
    expect(ticker.lateness.worst).toBe(5)
  })

  it('whatever blocks the loop for however long', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 130 }), { maxLength: 40 }), (blocks) => {
        const { clock, ticker, subscriber } = rig()
        const { ticks, ticking } = subscriber()
        ticker.add(ticking)
        for (const ms of blocks) {
          clock.block(ms)
          clock.advance(7)
        }
        for (const { at, lateMs } of ticks) expect((at - lateMs) % 20).toBe(0)
        const deadlines = ticks.map(({ at, lateMs }) => at - lateMs)
        expect(new Set(deadlines).size).toBe(deadlines.length)
      }),
    )
  })
})

describe('T2: a subscriber is ticked once for any number of missed deadlines', () => {
  it('and told how late the first of them is', () => {
    const { clock, ticker, subscriber } = rig()
    const { ticks, ticking } = subscriber()
    ticker.add(ticking)
    clock.block(250)
    clock.advance(20)
    expect(ticks).toEqual([
      { at: 250, lateMs: 230 },
      { at: 260, lateMs: 0 },
    ])
  })

  it('and one that comes during a tick is ticked from the next on', () => {
    const { clock, ticker, subscriber } = rig()
    const second = subscriber()
    ticker.add(subscriber(() => ticker.add(second.ticking)).ticking)
    clock.advance(20)
    expect(second.ticks).toEqual([])
    clock.advance(20)
    expect(second.ticks.length).toBe(1)
  })
})

describe('T3: one subscriber leaves the others’ ticks alone', () => {
  it('when it throws: only it is told', () => {
    const { clock, ticker, subscriber } = rig()
    const boom = new Error('boom')
    const first = subscriber()
    const bad = subscriber(() => {
      throw boom
    })
    const last = subscriber()
    for (const { ticking } of [first, bad, last]) ticker.add(ticking)
    clock.advance(40)
    expect([first, bad, last].map(({ ticks }) => ticks.length)).toEqual([2, 2, 2])
    expect([first, bad, last].map(({ faults }) => faults)).toEqual([[], [boom, boom], []])
  })

  it('when even telling it throws: the ticker goes on', () => {
    const { clock, ticker, subscriber } = rig()
    const fail = () => {
      throw new Error('boom')
    }
    const other = subscriber()
    ticker.add(other.ticking)
    const broken = { tick: fail, fault: fail }
    ticker.add(broken)
    expect(() => clock.advance(20)).toThrow('boom')
    ticker.remove(broken)
    clock.advance(20)
    expect(other.ticks.length).toBe(2)
    expect(clock.pending).toBe(1)
  })

  it('when it removes itself', () => {
    const { clock, ticker, subscriber } = rig()
    const first = subscriber(() => ticker.remove(first.ticking))
    const second = subscriber()
    for (const { ticking } of [first, second]) ticker.add(ticking)
    clock.advance(60)
    expect([first.ticks.length, second.ticks.length]).toEqual([1, 3])
  })

  it('when it removes another, which is then not ticked any more', () => {
    const { clock, ticker, subscriber } = rig()
    const victim = subscriber()
    const first = subscriber(() => ticker.remove(victim.ticking))
    const third = subscriber()
    for (const { ticking } of [first, victim, third]) ticker.add(ticking)
    clock.advance(40)
    expect([first, victim, third].map(({ ticks }) => ticks.length)).toEqual([2, 0, 2])
  })

  it('when it leaves and comes back within its tick', () => {
    const { clock, ticker, subscriber } = rig()
    const restless = subscriber(() => {
      ticker.remove(restless.ticking)
      ticker.add(restless.ticking)
    })
    ticker.add(restless.ticking)
    clock.advance(60)
    expect(restless.ticks.length).toBe(3)
    expect(clock.pending).toBe(1)
  })
})

describe('T4: there is one timer, and only while somebody subscribes', () => {
  it('for any number of subscribers, and none for none', () => {
    const { clock, ticker, subscriber } = rig()
    expect(clock.pending).toBe(0)
    const all = [subscriber(), subscriber(), subscriber()]
    for (const { ticking } of all) ticker.add(ticking)
    expect([clock.pending, ticker.subscribers]).toEqual([1, 3])
    clock.advance(50)
    expect(clock.pending).toBe(1)
    for (const { ticking } of all) ticker.remove(ticking)
    expect([clock.pending, ticker.subscribers]).toEqual([0, 0])
  })

  it('even when the last one leaves during its tick', () => {
    const { clock, ticker, subscriber } = rig()
    const last = subscriber(() => ticker.remove(last.ticking))
    ticker.add(last.ticking)
    clock.advance(20)
    expect(clock.pending).toBe(0)
  })

  it('and removing who is not there changes nothing', () => {
    const { clock, ticker, subscriber } = rig()
    const { ticking, ticks } = subscriber()
    ticker.remove(ticking)
    ticker.add(ticking)
    ticker.add(ticking)
    ticker.remove(subscriber().ticking)
    clock.advance(20)
    expect([ticks.length, ticker.subscribers, clock.pending]).toEqual([1, 1, 1])
  })
})
