import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PcmRate } from '../../src/audio/format.ts'
import { encoded, level, msOf, outcomeOf, speakingRig, speech } from './speaking-rig.ts'

describe('clear', () => {
  it('is on the stream in the same turn, and nothing follows it', () => {
    const { clock, queue, stream, types } = speakingRig()
    queue.play(level(2_000, 1_000), 8000)
    clock.advance(333)
    const sent = stream.sent.length
    queue.clear()
    expect(stream.clears).toEqual([clock.now()])
    clock.advance(1_000)
    expect(stream.sent.length).toBe(sent)
    expect(stream.heardMs).toBe(333)
    expect(types()).toEqual(['playback.started', 'playback.cleared'])
    expect(queue.counters.bargeIns).toBe(1)
  })

  it('cuts every playback, and tells each how much of it was heard', async () => {
    const { clock, queue } = speakingRig()
    const playbacks = [300, 500, 400].map((ms) => queue.play(level(ms, 1_000), 8000))
    clock.advance(420)
    expect(queue.clear()).toEqual({ heardMs: 120 })
    await expect(Promise.all(playbacks.map(({ finished }) => finished))).resolves.toEqual([
      { playedMs: 300, interrupted: false },
      { playedMs: 120, interrupted: true },
      { playedMs: 0, interrupted: true },
    ])
  })

  it('leaves the line free for the next word at once', () => {
    const { clock, queue, stream } = speakingRig()
    queue.play(level(30_000, 1_000), 8000)
    clock.advance(50)
    queue.clear()
    queue.play(level(500, 2_000), 8000)
    expect(stream.leadMs).toBe(160)
    clock.advance(600)
    expect(msOf(stream.heard(), 1_000)).toBe(50)
    expect(msOf(stream.heard(), 2_000)).toBe(500)
  })

  it('does no harm when nothing is being said', () => {
    const { clock, queue, stream, types } = speakingRig()
    expect(queue.clear()).toEqual({ heardMs: 0 })
    queue.play(level(100, 1_000), 8000)
    clock.advance(150)
    expect(queue.clear()).toEqual({ heardMs: 0 })
    expect(stream.heardMs).toBe(100)
    expect(types()).toEqual(['playback.started', 'playback.drained'])
    expect(queue.counters.bargeIns).toBe(0)
  })

  it('is no barge-in where the queue is cut for other reasons, and tells of its end all the same', async () => {
    const { clock, queue, stream, types } = speakingRig()
    queue.cut()
    expect(stream.clears).toEqual([])
    const playback = queue.play(level(2_000, 1_000), 8000)
    clock.advance(333)
    queue.cut()
    expect(stream.clears).toEqual([clock.now()])
    await expect(playback.finished).resolves.toEqual({ playedMs: 333, interrupted: true })
    clock.advance(2_000)
    expect(stream.heardMs).toBe(333)
    expect(types()).toEqual(['playback.started', 'playback.drained'])
    expect(queue.counters.bargeIns).toBe(0)
  })

  it('cuts what was never heard without calling it a barge-in', async () => {
    const { queue, types } = speakingRig()
    queue.detach()
    const playback = queue.play(level(100, 1_000), 8000)
    expect(queue.clear()).toEqual({ heardMs: 0 })
    await expect(playback.finished).resolves.toEqual({ playedMs: 0, interrupted: true })
    expect(types()).toEqual(['playback.cleared'])
    expect(queue.counters.bargeIns).toBe(0)
  })

  it('does not count the echoes of the marks it cut as heard (L2)', async () => {
    const { clock, queue, stream, openStream } = speakingRig({ echoes: false })
    const cut = queue.play(level(100, 1_000), 8000)
    clock.advance(40)
    const stale = [...stream.marks]
    expect(queue.clear()).toEqual({ heardMs: 40 })
    const next = queue.play(level(1_000, 2_000), 8000)
    clock.advance(30)
    for (const mark of stale) queue.noteMark(mark)
    await expect(cut.finished).resolves.toEqual({ playedMs: 40, interrupted: true })
    await expect(outcomeOf(next)).resolves.toBe('pending')
    queue.attach(openStream())
    queue.clear()
    await expect(next.finished).resolves.toEqual({ playedMs: 30, interrupted: true })
  })

  it('tells what was heard within the network latency and 5 ms, at any moment', async () => {
    const plays = fc.array(
      fc.record({ rate: fc.constantFrom<PcmRate>(8000, 16000, 24000), ms: fc.integer({ min: 1, max: 1_500 }) }),
      { minLength: 1, maxLength: 3 },
    )
    const moment = fc.double({ min: 0, max: 3_000, noNaN: true })
    const latency = fc.constantFrom(0, 0, 15, 35)
    await fc.assert(
      fc.asyncProperty(plays, moment, latency, async (specs, afterMs, latencyMs) => {
        const { clock, queue, stream } = speakingRig({ latencyMs })
        let end = 0
        const ends = specs.map(({ rate, ms }) => {
          const pcm = speech((ms * rate) / 1_000)
          const playback = queue.play(pcm, rate)
          const start = end
          end += encoded(pcm, rate).length
          return { playback, start, end }
        })
        clock.advance(afterMs)
        const heard = stream.heard().length
        const settled = new Set<unknown>()
        for (const spec of ends) void spec.playback.finished.then(() => settled.add(spec))
        await clock.run(0)
        const truth = ends
          .filter((spec) => !settled.has(spec))
          .reduce((sum, spec) => sum + Math.max(0, Math.min(heard, spec.end) - spec.start) / 8, 0)
        const { heardMs } = queue.clear()
        expect(Math.abs(heardMs - truth)).toBeLessThanOrEqual(latencyMs + 5)
        const results = await Promise.all(ends.map(({ playback }) => playback.finished))
        const total = results.reduce((sum, { playedMs }) => sum + playedMs, 0)
        expect(Math.abs(total - heard / 8)).toBeLessThanOrEqual(latencyMs + 5 + specs.length * 4)
      }),
      { numRuns: 150 },
    )
  })

  it('knows from the marks what was heard when the network held the audio up', () => {
    const { clock, queue, stream } = speakingRig({ echoes: false })
    queue.play(level(5_000, 1_000), 8000)
    clock.advance(700)
    // Only now does the echo of the first 100 ms come: the carrier is 600 ms behind the clock.
    queue.noteMark(stream.marks[0] ?? '')
    clock.advance(50)
    expect(queue.clear().heardMs).toBe(150)
  })
})

describe('cancel', () => {
  it('of a playback that waits leaves the others whole', async () => {
    const { clock, queue, stream } = speakingRig()
    const [first, second, third] = [1_000, 2_000, 3_000].map((value) => queue.play(level(400, value), 8000))
    clock.advance(100)
    second?.cancel()
    clock.advance(2_000)
    const heard = stream.heard()
    expect([1_000, 2_000, 3_000].map((value) => msOf(heard, value))).toEqual([400, 0, 400])
    expect(stream.gaps).toEqual([])
    await expect(first?.finished).resolves.toEqual({ playedMs: 400, interrupted: false })
    await expect(second?.finished).resolves.toEqual({ playedMs: 0, interrupted: true })
    await expect(third?.finished).resolves.toEqual({ playedMs: 400, interrupted: false })
  })

  it('of the one being heard lets the next begin at once', async () => {
    const { clock, queue, stream } = speakingRig()
    const [first, second] = [1_000, 2_000].map((value) => queue.play(level(400, value), 8000))
    clock.advance(150)
    first?.cancel()
    expect(stream.clears).toEqual([clock.now()])
    clock.advance(1_000)
    expect(msOf(stream.heard(), 1_000)).toBe(150)
    expect(msOf(stream.heard(), 2_000)).toBe(400)
    expect(stream.gaps).toEqual([])
    await expect(first?.finished).resolves.toEqual({ playedMs: 150, interrupted: true })
    await expect(second?.finished).resolves.toEqual({ playedMs: 400, interrupted: false })
  })

  it('of one whose successor the carrier has already lets it end, and says how much of it is heard', async () => {
    const { clock, queue, stream } = speakingRig()
    const [first, second] = [1_000, 2_000].map((value) => queue.play(level(100, value), 8000))
    clock.advance(50)
    first?.cancel()
    clock.advance(1_000)
    expect(stream.clears).toEqual([])
    expect(msOf(stream.heard(), 1_000)).toBe(100)
    expect(msOf(stream.heard(), 2_000)).toBe(100)
    await expect(first?.finished).resolves.toEqual({ playedMs: 100, interrupted: false })
    await expect(second?.finished).resolves.toEqual({ playedMs: 100, interrupted: false })
  })

  it('of the last leaves what came before it', async () => {
    const { clock, queue, stream, types } = speakingRig()
    const [first, last] = [1_000, 2_000].map((value) => queue.play(level(300, value), 8000))
    clock.advance(60)
    last?.cancel()
    clock.advance(1_000)
    expect(msOf(stream.heard(), 1_000)).toBe(300)
    expect(msOf(stream.heard(), 2_000)).toBe(0)
    await expect(first?.finished).resolves.toEqual({ playedMs: 300, interrupted: false })
    expect(types()).toEqual(['playback.started', 'playback.drained'])
  })

  it('of the only one drains the queue', async () => {
    const { clock, queue, stream, types } = speakingRig()
    const only = queue.play(level(1_000, 1_000), 8000)
    clock.advance(200)
    only.cancel()
    expect(queue.isDrained).toBe(true)
    expect(types()).toEqual(['playback.started', 'playback.drained'])
    clock.advance(500)
    expect(stream.heardMs).toBe(200)
    await expect(only.finished).resolves.toEqual({ playedMs: 200, interrupted: true })
    only.cancel()
  })

  it('of any of three, at any moment, leaves the other two to be heard whole and in their order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 600 }), fc.integer({ min: 1, max: 600 })),
        fc.nat(2),
        fc.double({ min: 0, max: 2_000, noNaN: true }),
        async (lengths, which, afterMs) => {
          const { clock, queue, stream } = speakingRig()
          const playbacks = lengths.map((ms, i) => queue.play(level(ms, 1_000 * (i + 1)), 8000))
          clock.advance(afterMs)
          playbacks[which]?.cancel()
          clock.advance(3_000)
          const results = await Promise.all(playbacks.map(({ finished }) => finished))
          const heard = stream.heard()
          const heardOf = lengths.map((_, i) => msOf(heard, 1_000 * (i + 1)))
          const others = [0, 1, 2].filter((i) => i !== which)
          expect(others.map((i) => results[i])).toEqual(
            others.map((i) => ({ playedMs: lengths[i], interrupted: false })),
          )
          expect(others.map((i) => heardOf[i])).toEqual(others.map((i) => lengths[i]))
          expect(Math.abs((results[which]?.playedMs ?? 0) - (heardOf[which] ?? 0))).toBeLessThanOrEqual(0.25)
          const isWhole = results[which]?.playedMs === lengths[which]
          expect(results[which]?.interrupted || isWhole).toBe(true)
          expect(results[which]?.interrupted && isWhole && lengths[which] !== 0).toBe(false)
          expect(queue.isDrained).toBe(true)
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('a lost stream', () => {
  it('takes what it had not played with it; the rest goes on over a fresh one', async () => {
    const { clock, queue, stream, openStream } = speakingRig()
    const playback = queue.play(level(3_000, 1_000), 8000)
    clock.advance(1_010)
    queue.detach()
    const heardBefore = stream.heardMs
    const lostMs = stream.leadMs
    clock.advance(700)
    const fresh = openStream()
    queue.attach(fresh)
    clock.advance(3_000)
    expect(heardBefore).toBe(1_010)
    expect(lostMs).toBeGreaterThan(99)
    expect(fresh.heardMs).toBe(3_000 - heardBefore - lostMs)
    await expect(playback.finished).resolves.toEqual({ playedMs: 3_000 - lostMs, interrupted: false })
    expect(queue.cadence).toMatchObject({ underruns: 0, worstSendGapMs: 60 })
  })

  it('ends a playback it had all of', async () => {
    const { clock, queue, types } = speakingRig()
    const first = queue.play(level(50, 1_000), 8000)
    const second = queue.play(level(80, 1_000), 8000)
    clock.advance(60)
    queue.detach()
    await expect(first.finished).resolves.toEqual({ playedMs: 50, interrupted: false })
    await expect(second.finished).resolves.toEqual({ playedMs: 10, interrupted: true })
    expect(types()).toEqual(['playback.started', 'playback.drained'])
  })

  it('leaves one that it had nothing of alone', async () => {
    const { clock, queue, openStream } = speakingRig()
    queue.play(level(400, 1_000), 8000)
    const waiting = queue.play(level(400, 2_000), 8000)
    clock.advance(100)
    queue.detach()
    const fresh = openStream()
    queue.attach(fresh)
    clock.advance(2_000)
    expect(msOf(fresh.heard(), 2_000)).toBe(400)
    await expect(waiting.finished).resolves.toEqual({ playedMs: 400, interrupted: false })
  })

  it('loses nothing of what is played and heard over many streams, but what each had left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 900, noNaN: true }), { minLength: 1, maxLength: 5 }),
        async (lives) => {
          const { clock, queue, stream, openStream } = speakingRig()
          const playback = queue.play(level(2_000, 1_000), 8000)
          const heard: number[] = []
          let current = stream
          for (const ms of lives) {
            clock.advance(ms)
            heard.push(current.heardMs)
            current = openStream()
            queue.attach(current)
          }
          clock.advance(3_000)
          heard.push(current.heardMs)
          const { playedMs } = await playback.finished
          const total = heard.reduce((sum, ms) => sum + ms, 0)
          expect(Math.abs(playedMs - total)).toBeLessThanOrEqual(lives.length * 0.25)
        },
      ),
      { numRuns: 60 },
    )
  })
})
