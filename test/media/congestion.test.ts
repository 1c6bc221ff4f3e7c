import { describe, expect, it } from 'vitest'
import { Congestion } from '../../src/media/congestion.ts'
import { level, speakingRig } from './speaking-rig.ts'

describe('a stalled network', () => {
  it('is fed no more above 64 KiB, and reported once after 1 s', () => {
    const { clock, queue, stream, edges } = speakingRig()
    queue.play(level(10_000, 1_000), 8000)
    clock.advance(200)
    stream.buffered = 64 * 1024 + 1
    const sent = stream.sent.length
    const since = clock.now()
    clock.advance(999)
    expect(edges.filter(({ type }) => type === 'queue.stalled')).toEqual([])
    clock.advance(5_000)
    expect(stream.sent.length).toBe(sent)
    const stalled = edges.filter((edge) => edge.type === 'queue.stalled')
    expect(stalled.length).toBe(1)
    expect((stalled[0]?.at ?? 0) - since).toBeGreaterThanOrEqual(1_000)
    expect((stalled[0]?.at ?? 0) - since).toBeLessThanOrEqual(1_040)
  })

  it('is fed again as soon as it takes more, and a second stall is reported again', () => {
    const { clock, queue, stream, types } = speakingRig()
    queue.play(level(10_000, 1_000), 8000)
    stream.buffered = 64 * 1024 + 1
    clock.advance(1_500)
    stream.buffered = 64 * 1024
    const sent = stream.sent.length
    clock.advance(100)
    expect(stream.sent.length).toBeGreaterThan(sent)
    stream.buffered = 64 * 1024 + 1
    clock.advance(1_500)
    expect(types().filter((type) => type === 'queue.stalled').length).toBe(2)
  })

  it('is not held against the stream that comes after', () => {
    const { clock, queue, stream, openStream, types } = speakingRig()
    queue.play(level(10_000, 1_000), 8000)
    stream.buffered = 1e6
    clock.advance(900)
    queue.detach()
    const fresh = openStream()
    fresh.buffered = 1e6
    queue.attach(fresh)
    clock.advance(900)
    expect(types()).not.toContain('queue.stalled')
  })

  it('is no stall while nothing waits to be sent', () => {
    const { clock, queue, stream, types } = speakingRig()
    stream.buffered = 1e6
    clock.advance(3_000)
    queue.play(level(100, 1_000), 8000)
    clock.advance(900)
    expect(types()).not.toContain('queue.stalled')
  })
})

describe('a network that takes everything and brings nothing', () => {
  const isStalled = (types: readonly string[]) => types.filter((type) => type === 'queue.stalled').length

  it('is reported once, when the echoes of a carrier that used to echo are 5 s overdue for a second', () => {
    const { clock, queue, stream, types } = speakingRig({ echoes: false })
    queue.play(level(60_000, 1_000), 8000)
    clock.advance(200)
    queue.noteMark(stream.marks[0] ?? '')
    clock.advance(6_000)
    expect(isStalled(types())).toBe(0)
    clock.advance(2_000)
    expect(isStalled(types())).toBe(1)
    clock.advance(20_000)
    expect(isStalled(types())).toBe(1)
  })

  it('is not held against the stream that comes after, nor against a carrier that never echoes', () => {
    const { clock, queue, stream, openStream, types } = speakingRig({ echoes: false })
    queue.play(level(60_000, 1_000), 8000)
    clock.advance(200)
    queue.noteMark(stream.marks[0] ?? '')
    clock.advance(5_000)
    queue.attach(openStream())
    clock.advance(20_000)
    expect(isStalled(types())).toBe(0)
  })
})

describe('congestion', () => {
  it('counts the second anew after a relief or a reset', () => {
    const stalls: number[] = []
    const congestion = new Congestion((at) => stalls.push(at))
    expect(congestion.holdsUp(65_537, 0)).toBe(true)
    expect(congestion.holdsUp(65_536, 900)).toBe(false)
    expect(congestion.holdsUp(65_537, 1_000)).toBe(true)
    congestion.reset()
    expect(congestion.holdsUp(65_537, 1_900)).toBe(true)
    expect(congestion.holdsUp(65_537, 2_899)).toBe(true)
    expect(stalls).toEqual([])
    expect(congestion.holdsUp(65_537, 2_900)).toBe(true)
    expect(congestion.holdsUp(65_537, 9_000)).toBe(true)
    expect(stalls).toEqual([2_900])
  })
})
