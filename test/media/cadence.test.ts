import { describe, expect, it } from 'vitest'
import { byteOf, level, msOf, speakingRig } from './speaking-rig.ts'

describe('the figures', () => {
  it('count bytes and frames of 20 ms, and the time to the first audio', () => {
    const { clock, queue } = speakingRig()
    clock.advance(130)
    queue.play(level(250, 1_000), 8000)
    clock.advance(1_000)
    queue.play(level(10, 1_000), 8000)
    expect(queue.cadence).toMatchObject({ bytesOut: 2_080, framesOut: 13, firstAudioMs: 130 })
  })

  it('count what was cut before it was sent', () => {
    const { clock, queue, stream } = speakingRig()
    queue.play(level(2_000, 1_000), 8000)
    clock.advance(500)
    const waiting = queue.queueMs
    queue.clear()
    expect(waiting).toBeGreaterThan(400)
    expect(queue.counters).toEqual({ droppedMs: waiting, bargeIns: 1 })
    const third = queue.play(level(300, 1_000), 8000)
    third.cancel()
    expect(queue.counters.droppedMs).toBe(waiting + 300 - 160)
    expect(msOf(stream.heard(), 1_000)).toBe(500)
    expect(stream.heard()[0]).toBe(byteOf(1_000))
  })

  it('time how long audio waits in the queue', async () => {
    const { clock, queue } = speakingRig()
    queue.play(level(5_000, 1_000), 8000)
    clock.advance(6_000)
    expect(queue.cadence.waitMs.quantile(0.99)).toBeGreaterThan(300)
    expect(queue.cadence.waitMs.quantile(0.99)).toBeLessThanOrEqual(600)
  })

  it('do not time what was taken out again', () => {
    const { clock, queue } = speakingRig()
    queue.play(level(300, 1_000), 8000)
    queue.play(level(300, 1_000), 8000).cancel()
    clock.advance(10_000)
    queue.play(level(5_000, 1_000), 8000)
    clock.advance(200)
    queue.clear()
    clock.advance(10_000)
    queue.play(level(5_000, 1_000), 8000)
    clock.advance(5_000)
    expect(queue.cadence.waitMs.worst).toBeLessThan(5_000)
  })
})
