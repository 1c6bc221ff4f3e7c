import { describe, expect, it } from 'vitest'
import { ArrivalTime } from '../../src/media/arrival-time.ts'

/** Places frames of 20 ms that were said end to end from 0 on, each so late; returns by how much each is off its time. */
function placed(lateness: (index: number) => number, count: number, arrival = new ArrivalTime(), from = 0): number[] {
  let last = 0
  return Array.from({ length: count }, (_, i) => {
    const index = from + i
    // What comes out of order on the way is put in order there.
    last = Math.max(last, (index + 1) * 20 + lateness(index))
    return arrival.place(20, last) - index * 20
  })
}

describe('what comes in', () => {
  it('was said right behind what came before, and as early as the shortest way allows', () => {
    expect(placed(() => 35, 200).every((off) => off === 35)).toBe(true)
    const jittering = placed((i) => 35 + ((i * 7) % 30), 2_000)
    expect(jittering.slice(100).every((off) => off >= 25 && off <= 45)).toBe(true)
    expect(new Set(jittering.slice(100)).size).toBe(1)
  })

  it('in a burst at the beginning is placed right from its end on', () => {
    const off = placed((i) => Math.max(5, 300 - i * 20), 100)
    expect(off.slice(20).every((ms) => Math.abs(ms - 5) <= 10)).toBe(true)
  })

  it('in a burst after a stall lies where it would have been', () => {
    const stalled = (i: number) => (i >= 400 && i < 700 ? (700 - i) * 20 : 0)
    expect(placed(stalled, 2_000).every((ms) => ms === 0)).toBe(true)
  })

  it('over a way that has become longer, or from a slow clock, follows within 20 ms after ten seconds', () => {
    const longer = placed((i) => (i < 500 ? 10 : 90), 1_500)
    expect(longer.slice(1_000).every((ms) => ms >= 70 && ms <= 90)).toBe(true)
    const slow = placed((i) => i * 0.01, 30_000)
    expect(slow.every((ms, i) => Math.abs(ms - i * 0.01) <= 25)).toBe(true)
  })

  it('on a fresh stream has a way of its own', () => {
    const arrival = new ArrivalTime()
    placed(() => 10, 100, arrival)
    arrival.reset()
    expect(placed(() => 200, 10, arrival, 200).every((ms) => ms === 200)).toBe(true)
  })
})
