import { describe, expect, it } from 'vitest'
import { REASONS } from '../../machines/index.ts'
import { type CallPlan, plannedLengthMs, plannedReason } from '../../src/soak/plan.ts'
import { Planner } from '../../src/soak/planner.ts'
import { mayAlsoEnd } from '../../src/soak/trouble-endings.ts'

const plansOf = (seed: number, turns: number): CallPlan[] => {
  const planner = new Planner(seed)
  return Array.from({ length: 10 * turns }, (_, index) => planner.plan(index % 10, Math.floor(index / 10)))
}

const many = [1, 2, 3, 4].flatMap((seed) => plansOf(seed, 200))

describe('a plan', () => {
  it('follows from the seed, the line and the turn alone', () => {
    const one = new Planner(5)
    const other = new Planner(5)
    // Whatever was drawn before.
    for (let turn = 0; turn < 20; turn += 1) other.plan(9, turn)
    expect(other.plan(3, 17)).toEqual(one.plan(3, 17))
    expect(one.plan(3, 18)).not.toEqual({ ...one.plan(3, 17), key: '3/18' })
    expect(new Planner(6).plan(3, 17)).not.toEqual(one.plan(3, 17))
  })

  it('has every kind of agent, ending and trouble sooner or later, both ways', () => {
    expect(new Set(many.map(({ role }) => role.kind)).size).toBe(15)
    expect(new Set(many.map(({ ending }) => ending.by)).size).toBe(10)
    expect(new Set(many.flatMap(({ troubles }) => troubles.map(({ kind }) => kind))).size).toBe(29)
    expect(new Set(many.map(({ direction }) => direction)).size).toBe(2)
  })

  it('leaves many calls alone, and makes a lot of trouble for some', () => {
    const counts = many.map(({ troubles }) => troubles.length)
    expect(counts.filter((count) => count === 0).length).toBeGreaterThan(many.length / 5)
    expect(counts.filter((count) => count >= 3).length).toBeGreaterThan(many.length / 50)
  })

  it('ends in a reason of the list, and for a call that nothing befalls there is no other', () => {
    const reasons = Object.keys(REASONS)
    for (const plan of many) {
      expect(reasons).toContain(plannedReason(plan))
      for (const also of plan.troubles.flatMap((trouble) => mayAlsoEnd(trouble, plan))) expect(reasons).toContain(also)
    }
    expect(new Set(many.map(plannedReason)).size).toBe(13)
  })

  it('keeps to the beat, so that a simulated clock has few moments to stop at', () => {
    const times = many.flatMap((plan) => [
      plan.pauseMs,
      plannedLengthMs(plan) ?? 0,
      ...plan.troubles.flatMap((trouble) => ('atMs' in trouble ? [trouble.atMs] : [])),
    ])
    expect(times.filter((ms) => ms % 20 !== 0 || ms < 0)).toEqual([])
  })
})

describe('what befalls a call', () => {
  const [plan] = plansOf(1, 1)
  if (plan === undefined) throw new Error('expected a plan')
  const inbound = (troubles: CallPlan['troubles'], isTold = false): CallPlan => ({
    ...plan,
    direction: 'inbound',
    ending: { by: 'person', afterMs: 5_000 },
    isTold,
    troubles,
  })
  const alsoOf = (told: CallPlan) => told.troubles.flatMap((trouble) => mayAlsoEnd(trouble, told))

  it('does not excuse another ending where the call should go on', () => {
    expect(alsoOf(inbound([{ kind: 'stream reset', atMs: 1_000, times: 2 }]))).toEqual([])
    expect(alsoOf(inbound([{ kind: 'nonsense', atMs: 1_000, count: 40 }]))).toEqual([])
    expect(alsoOf(inbound([{ kind: 'mute', atMs: 1_000, forMs: 4_000 }]))).toEqual([])
    expect(alsoOf(inbound([{ kind: 'create fails', answer: 'too many', times: 3 }]))).toEqual([])
  })

  it('excuses what cannot be otherwise', () => {
    expect(alsoOf(inbound([{ kind: 'stream reset', atMs: 1_000, times: 4 }]))).toEqual(['stream lost'])
    expect(alsoOf(inbound([{ kind: 'half-open', atMs: 1_000 }]))).toEqual(['silence', 'stream lost'])
    expect(alsoOf(inbound([{ kind: 'create fails', answer: 'too many', times: 4 }]))).toEqual(['carrier refused'])
    expect(alsoOf(inbound([{ kind: 'no stream' }]))).toEqual(['stream never came'])
  })

  it('excuses that nobody heard the caller hang up while there was no stream, unless the carrier tells', () => {
    const late = [{ kind: 'huge message', atMs: 4_900 }] as const
    expect(alsoOf(inbound(late))).toEqual(['stream lost'])
    expect(alsoOf(inbound(late, true))).toEqual([])
    expect(alsoOf(inbound([{ kind: 'huge message', atMs: 1_000 }]))).toEqual([])
  })
})
