import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HandClock } from './hand-clock.ts'
import { level, speakingRig } from './speaking-rig.ts'

/** Where between two ticks something happens. */
const phases = fc.double({ min: 0, max: 20, noNaN: true })

async function* live(clock: HandClock, chunks: number, jitterMs: (i: number) => number): AsyncGenerator<Int16Array> {
  const begin = clock.now()
  for (let i = 0; i < chunks; i += 1) {
    await clock.reached(begin + i * 20 + jitterMs(i))
    yield level(20, 1_000 + (i % 7) * 100)
  }
}

describe('O2: the lead', () => {
  it('stays between 100 and 160 ms while there is more to say, wherever between two ticks the speech began', () => {
    fc.assert(
      fc.property(phases, (phase) => {
        const { clock, queue, stream } = speakingRig()
        clock.advance(phase)
        queue.play(level(2_000, 1_000), 8000)
        const leads: number[] = []
        while (queue.queueMs > 0) {
          leads.push(stream.leadMs)
          // What the carrier has just before time moves on is what a tick did; what it has just after, the least.
          clock.advance(1)
        }
        expect(Math.min(...leads)).toBeGreaterThanOrEqual(99.5)
        expect(Math.max(...leads)).toBeLessThanOrEqual(160)
      }),
      { numRuns: 30 },
    )
  })

  it('is there at once: the first 100 ms of an utterance do not wait', () => {
    const { clock, queue, stream } = speakingRig()
    clock.advance(7)
    queue.play(level(2_000, 1_000), 8000)
    expect(stream.sent.map(({ at, bytes }) => [at - clock.now(), bytes.length / 8])).toEqual([
      [0, 100],
      [0, 60],
    ])
  })

  it('is kept up by messages of 40 to 100 ms', () => {
    fc.assert(
      fc.property(phases, (phase) => {
        const { clock, queue, stream } = speakingRig()
        clock.advance(phase)
        queue.play(level(3_000, 1_000), 8000)
        clock.advance(3_000)
        const steady = stream.sent.slice(2, -1).map(({ bytes }) => bytes.length / 8)
        expect(steady.length).toBeGreaterThan(40)
        expect(Math.min(...steady)).toBeGreaterThanOrEqual(39.5)
        expect(Math.max(...steady)).toBeLessThanOrEqual(100)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a source that is no faster than real time', () => {
  it('is heard 20 ms late, behind 20 ms of silence, and without an underrun for 30 s', async () => {
    const { clock, queue, stream } = speakingRig()
    clock.advance(3)
    const begin = clock.now()
    const playback = queue.play(
      live(clock, 1_500, (i) => (i % 3) * 1.9 - 1.9),
      8000,
    )
    await clock.run(30_100)
    expect(stream.gaps).toEqual([])
    expect(queue.cadence.underruns).toBe(0)
    expect(stream.sent.length).toBe(1_500)
    const [first, second] = stream.sent
    expect(first?.bytes.length).toBe(320)
    expect(first?.bytes.subarray(0, 160).every((byte) => byte === 0xff)).toBe(true)
    expect((first?.at ?? 0) - begin).toBeLessThanOrEqual(2)
    expect(second?.bytes.length).toBe(160)
    await expect(playback.finished).resolves.toEqual({ playedMs: 30_000, interrupted: false })
  })

  it('has no lead of its own, so that what is live stays live', async () => {
    const { clock, queue, stream } = speakingRig()
    queue.play(
      live(clock, 200, () => 0),
      8000,
    )
    await clock.run(2_000)
    expect(stream.leadMs).toBeLessThanOrEqual(40)
    expect(queue.queueMs).toBe(0)
  })

  it('gets a longer prefill when it ran dry, and that counts as one underrun', async () => {
    const { clock, queue, stream } = speakingRig()
    const stutter = async function* () {
      yield* live(clock, 50, () => 0)
      await clock.reached(clock.now() + 200)
      yield* live(clock, 50, () => 0)
    }
    queue.play(stutter(), 8000)
    await clock.run(2_300)
    expect(queue.cadence.underruns).toBe(1)
    expect(stream.gaps.length).toBe(1)
    // 20 ms of silence before the first frame, 40 ms before the one after the underrun.
    expect(stream.sent.map(({ bytes }) => bytes.length / 8).filter((ms) => ms > 20)).toEqual([40, 60])
  })

  it('stops running dry on a line that jitters by more than the first prefill, and is never more than 80 ms behind', async () => {
    const { clock, queue, stream } = speakingRig()
    // Every seventh frame is 70 ms late, and those behind it come with it.
    const jitter = (i: number) => (i % 7 === 6 ? 70 : 0)
    queue.play(live(clock, 500, jitter), 8000)
    await clock.run(5_000)
    const early = queue.cadence.underruns
    await clock.run(5_000)
    expect(early).toBeGreaterThan(0)
    expect(early).toBeLessThanOrEqual(4)
    expect(queue.cadence.underruns).toBe(early)
    expect(Math.max(...stream.gaps.map(({ ms }) => ms), 0)).toBeLessThanOrEqual(70)
  })

  it('sends what is less than a frame with the next tick, not by itself', async () => {
    const { clock, queue, stream } = speakingRig()
    clock.advance(1)
    const crumbs = async function* () {
      for (let i = 0; i < 4; i += 1) {
        yield level(7, 1_000)
        await clock.reached(clock.now() + 1)
      }
      await clock.reached(clock.now() + 1_000)
    }
    queue.play(crumbs(), 8000)
    await clock.run(10)
    expect(stream.sent.map(({ bytes }) => bytes.length / 8)).toEqual([20 + 21])
    await clock.run(10)
    expect(stream.sent.map(({ bytes }) => bytes.length / 8)).toEqual([20 + 21, 7])
  })
})

describe('O3: a late tick', () => {
  it('is not heard when it is 80 ms late, wherever the speech began', () => {
    fc.assert(
      fc.property(
        phases,
        fc.array(fc.double({ min: 160, max: 400, noNaN: true }), { maxLength: 8 }),
        (phase, waits) => {
          const { clock, queue, stream } = speakingRig()
          clock.advance(phase)
          queue.play(level(6_000, 1_000), 8000)
          for (const wait of waits) {
            clock.advance(wait)
            clock.block(80)
          }
          clock.advance(6_000)
          expect(stream.gaps).toEqual([])
          expect(queue.cadence.underruns).toBe(0)
          expect(stream.heardMs).toBe(6_000)
        },
      ),
      { numRuns: 40 },
    )
  })

  it.each([
    { blockedMs: 250, leastGap: 90, worstGap: 250 },
    { blockedMs: 700, leastGap: 540, worstGap: 700 },
  ])('of $blockedMs ms is heard as one gap, and nothing drifts afterwards', ({ blockedMs, leastGap, worstGap }) => {
    const { clock, queue, stream } = speakingRig()
    const begin = clock.now()
    queue.play(level(4_000, 1_000), 8000)
    clock.advance(1_005)
    clock.block(blockedMs)
    const restarted = stream.sent.filter(({ at }) => at === clock.now())
    clock.advance(5_000)
    const [gap, ...others] = stream.gaps
    expect(others).toEqual([])
    expect(gap?.ms).toBeGreaterThanOrEqual(leastGap)
    expect(gap?.ms).toBeLessThanOrEqual(blockedMs - 80)
    expect(restarted.map(({ bytes }) => bytes.length / 8)).toEqual([100, 60])
    expect(stream.heardMs).toBe(4_000)
    const last = stream.sent.at(-1)
    const endedAt = begin + 4_000 + (gap?.ms ?? 0)
    expect(endedAt - (last?.at ?? 0)).toBeLessThanOrEqual(160)
    expect(endedAt - (last?.at ?? 0)).toBeGreaterThanOrEqual(99.5)
    expect(queue.cadence.underruns).toBe(1)
    expect(queue.cadence.worstSendGapMs).toBeGreaterThanOrEqual(worstGap)
    expect(queue.cadence.worstSendGapMs).toBeLessThanOrEqual(worstGap + 60)
  })
})

describe('the cadence', () => {
  it('has no gap worse than 60 ms when ticks are on time', () => {
    const { clock, queue } = speakingRig()
    clock.advance(11)
    queue.play(level(3_000, 1_000), 8000)
    clock.advance(4_000)
    expect(queue.cadence.worstSendGapMs).toBeGreaterThan(40)
    expect(queue.cadence.worstSendGapMs).toBeLessThanOrEqual(60.5)
  })

  it('takes the pause between two playbacks neither for a gap nor for an underrun', () => {
    const { clock, queue, stream } = speakingRig()
    queue.play(level(200, 1_000), 8000)
    clock.advance(400)
    queue.play(level(200, 1_000), 8000)
    clock.advance(400)
    expect(stream.gaps.length).toBe(1)
    expect(queue.cadence).toMatchObject({ underruns: 0, worstSendGapMs: 60 })
  })

  it('takes that pause for none either while the echo of the first end is still on its way', () => {
    const { clock, queue, stream } = speakingRig({ latencyMs: 100 })
    queue.play(level(200, 1_000), 8000)
    clock.advance(250)
    queue.play(level(200, 1_000), 8000)
    clock.advance(800)
    expect(stream.gaps.length).toBe(1)
    expect(queue.cadence.underruns).toBe(0)
    expect(queue.isDrained).toBe(true)
  })
})
