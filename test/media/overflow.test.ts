import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LiveAudio } from '../../src/media/live-audio.ts'
import { level, msOf, outcomeOf, speakingRig, type SpeakingRigOptions } from './speaking-rig.ts'

const CUT = { playedMs: 0, interrupted: true }

/** A queue that says playbacks of so many seconds, the first as 1000, the next as 2000 and so on, each to be told apart. */
function saying(options: SpeakingRigOptions, ...seconds: number[]) {
  const rig = speakingRig(options)
  let number = 0
  const say = (length: number) => {
    number += 1
    return rig.queue.play(level(Math.round(length * 1_000), number * 1_000), 8000)
  }
  const playbacks = seconds.map(say)
  const heardMs = (count: number) => Array.from({ length: count }, (_, i) => msOf(rig.stream.heard(), (i + 1) * 1_000))
  const skipped = () => rig.edges.filter(({ type }) => type === 'audio.skipped')
  return { ...rig, say, playbacks, heardMs, skipped }
}

/** Yields 20 ms at once, or every so often, for ever; knows whether it was told to stop. */
function endless(wait: () => Promise<unknown>) {
  const state = { stops: 0 }
  const next = async () => {
    await wait()
    return { value: level(20, 1_000), done: false as const }
  }
  const end = async () => {
    state.stops += 1
    return { value: undefined, done: true as const }
  }
  return { state, source: { [Symbol.asyncIterator]: () => ({ next, return: end }) } }
}

describe('a call that would rather wait', () => {
  it('says all that is played, however much of it waits, but no more than 32 playbacks', async () => {
    const { clock, say, playbacks, heardMs, types } = saying({ overflow: 'wait' }, 20, 20, 20)
    await clock.run(60_100)
    expect(heardMs(3)).toEqual([20_000, 20_000, 20_000])
    await expect(playbacks.at(-1)?.finished).resolves.toEqual({ playedMs: 20_000, interrupted: false })
    expect(types().filter((type) => type !== 'playback.started')).toEqual(['playback.drained'])
    for (let i = 0; i < 32; i += 1) say(1)
    await expect(say(1).finished).rejects.toMatchObject({ code: 'PLAYBACK_OVERFLOW' })
  })

  it('is what a call is that says nothing of it', async () => {
    const { playbacks, skipped } = saying({}, 60, 60, 60)
    await expect(Promise.all(playbacks.map(outcomeOf))).resolves.toEqual(['pending', 'pending', 'pending'])
    expect(skipped()).toEqual([])
  })
})

describe('a call that drops the oldest', () => {
  it('drops nothing while no more than 10 s wait, and a first playback may be of any length', async () => {
    const { clock, playbacks, skipped, heardMs } = saying({ overflow: 'drop-oldest' }, 4, 4, 1, 60)
    await clock.run(70_000)
    expect(heardMs(4)).toEqual([4_000, 4_000, 1_000, 60_000])
    expect(skipped()).toEqual([])
    await expect(playbacks[3]?.finished).resolves.toEqual({ playedMs: 60_000, interrupted: false })
  })

  it('leaves out the sentence that has waited longest, and breaks off none', async () => {
    const { clock, say, playbacks, skipped, heardMs, queue, stream, types } = saying(
      { overflow: 'drop-oldest' },
      6,
      3,
      3,
    )
    await clock.run(500)
    const last = say(2)
    await expect(playbacks[1]?.finished).resolves.toEqual(CUT)
    expect(skipped()).toEqual([{ type: 'audio.skipped', ms: 3_000 }])
    expect(queue.counters).toEqual({ bargeIns: 0, droppedMs: 3_000 })
    await clock.run(12_000)
    expect(heardMs(4)).toEqual([6_000, 0, 3_000, 2_000])
    expect([stream.gaps, stream.clears]).toEqual([[], []])
    await expect(last.finished).resolves.toEqual({ playedMs: 2_000, interrupted: false })
    expect(types()).toEqual(['playback.started', 'audio.skipped', 'playback.drained'])
  })

  it('leaves out as many as it takes, and no more', async () => {
    const { clock, say, playbacks, skipped, heardMs } = saying({ overflow: 'drop-oldest' }, 1, 4, 4, 7)
    say(2)
    expect(skipped()).toEqual([{ type: 'audio.skipped', ms: 8_000 }])
    await expect(Promise.all(playbacks.map(outcomeOf))).resolves.toEqual(['pending', CUT, CUT, 'pending'])
    await clock.run(1_000)
    say(1)
    await clock.run(20_000)
    expect(heardMs(6)).toEqual([1_000, 0, 0, 7_000, 2_000, 1_000])
  })

  it('breaks off what is being said if that alone is too much, and goes on at once', async () => {
    const { clock, say, playbacks, skipped, heardMs, queue, stream } = saying({ overflow: 'drop-oldest' }, 60)
    await clock.run(2_010)
    const brokenOffAt = clock.now()
    say(1)
    await expect(playbacks[0]?.finished).resolves.toEqual({ playedMs: 2_010, interrupted: true })
    expect(stream.clears).toEqual([brokenOffAt])
    await clock.run(5_000)
    expect(heardMs(2)).toEqual([2_010, 1_000])
    expect(stream.gaps).toEqual([])
    const leftMs = 60_000 - 2_010
    expect(skipped()).toEqual([{ type: 'audio.skipped', ms: queue.counters.droppedMs }])
    // What the carrier had already, and was told to forget, was not dropped here.
    expect(queue.counters.droppedMs).toBeGreaterThanOrEqual(leftMs - 160)
    expect(queue.counters.droppedMs).toBeLessThan(leftMs)
    expect(queue.counters.bargeIns).toBe(0)
  })

  it('drops what waits longest while there is no stream', async () => {
    const { clock, say, queue, openStream } = saying({ overflow: 'drop-oldest' })
    queue.detach()
    const before = [say(5), say(4), say(5)]
    await expect(Promise.all(before.map(outcomeOf))).resolves.toEqual(['pending', 'pending', 'pending'])
    say(1)
    await expect(Promise.all(before.map(outcomeOf))).resolves.toEqual([CUT, 'pending', 'pending'])
    const fresh = openStream()
    queue.attach(fresh)
    await clock.run(11_000)
    expect([1_000, 2_000, 3_000, 4_000].map((value) => msOf(fresh.heard(), value))).toEqual([0, 4_000, 5_000, 1_000])
  })

  it('breaks off a source that is held up because 10 s of it wait, and tells it to stop', async () => {
    const { clock, queue, stream } = speakingRig({ overflow: 'drop-oldest' })
    const { source, state } = endless(async () => undefined)
    const first = queue.play(source, 8000)
    await clock.run(3_000)
    expect(state.stops).toBe(0)
    queue.play(level(1_000, 2_000), 8000)
    expect(state.stops).toBe(1)
    const { playedMs, interrupted } = await first.finished
    expect([Math.round(playedMs / 100), interrupted]).toEqual([30, true])
    await clock.run(2_000)
    expect(msOf(stream.heard(), 2_000)).toBe(1_000)
  })

  it('breaks it off even when something else waits behind it', async () => {
    const { clock, queue, stream } = speakingRig({ overflow: 'drop-oldest' })
    const first = queue.play(endless(async () => undefined).source, 8000)
    const second = queue.play(level(2_000, 2_000), 8000)
    await clock.run(1_000)
    queue.play(level(1_000, 3_000), 8000)
    await expect(outcomeOf(first)).resolves.not.toBe('pending')
    await expect(outcomeOf(second)).resolves.toBe('pending')
    await clock.run(4_000)
    expect([2_000, 3_000].map((value) => msOf(stream.heard(), value))).toEqual([2_000, 1_000])
  })

  it('does so at whatever moment the next words come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 600, max: 3_000 }),
        fc.constantFrom(160, 317, 4_000, 24_000),
        async (ms, size) => {
          const { clock, queue } = speakingRig({ overflow: 'drop-oldest' })
          const chunk = level(size / 8, 1_000)
          const source = async function* () {
            for (;;) yield chunk
          }
          const first = queue.play(source(), 8000)
          await clock.run(ms)
          queue.play(level(100, 2_000), 8000)
          expect(await outcomeOf(first)).not.toBe('pending')
        },
      ),
      { numRuns: 40 },
    )
  })

  it('does not break off a source that is no faster than what is heard', async () => {
    const { clock, queue } = speakingRig({ overflow: 'drop-oldest' })
    const { source } = endless(() => clock.reached(clock.now() + 20))
    const first = queue.play(source, 8000)
    await clock.run(30_000)
    queue.play(level(1_000, 2_000), 8000)
    await expect(outcomeOf(first)).resolves.toBe('pending')
  })

  it('leaves a live source alone, and drops what waits behind it', async () => {
    const { clock, queue } = speakingRig({ overflow: 'drop-oldest' })
    const live = new LiveAudio(100)
    const bridge = queue.play(live, 8000)
    for (let frame = 0; frame < 50; frame += 1) {
      live.push(level(20, 1_000))
      await clock.run(20)
    }
    const behind = [6_000, 6_000, 6_000].map((ms) => queue.play(level(ms, 2_000), 8000))
    await expect(Promise.all(behind.map(outcomeOf))).resolves.toEqual([CUT, 'pending', 'pending'])
    await expect(outcomeOf(bridge)).resolves.toBe('pending')
  })

  it('takes any number of playbacks: of 32 that wait, the oldest that is not being said gives way', async () => {
    const { say, playbacks, skipped } = saying({ overflow: 'drop-oldest' }, ...Array<number>(32).fill(0.25))
    for (let i = 0; i < 3; i += 1) await expect(outcomeOf(say(0.25))).resolves.toBe('pending')
    const outcomes = await Promise.all(playbacks.map(outcomeOf))
    const isCut = outcomes.map((outcome) => outcome !== 'pending')
    expect(isCut).toEqual(playbacks.map((_, i) => i >= 1 && i <= 3))
    const edge = { type: 'audio.skipped', ms: 250 }
    expect(skipped()).toEqual([edge, edge, edge])
  })

  it('takes one more even when all 32 are with the carrier, and cuts none of those', async () => {
    const { clock, say, playbacks, stream } = saying({ overflow: 'drop-oldest' }, ...Array<number>(32).fill(0.001))
    say(0.001)
    await clock.run(1_000)
    const results = await Promise.all(playbacks.map(({ finished }) => finished))
    expect(results).toEqual(playbacks.map(() => ({ playedMs: 1, interrupted: false })))
    expect(stream.heardMs).toBe(33)
  })

  it('never has more than 32 playbacks in mind, even if the carrier forgets every mark', async () => {
    const { clock, say } = saying({ overflow: 'drop-oldest', echoes: false })
    const playbacks = Array.from({ length: 31 }, () => say(0.001))
    playbacks.push(say(3))
    for (let i = 0; i < 40; i += 1) playbacks.push(say(0.001))
    await clock.run(0)
    const outcomes = await Promise.all(playbacks.map(outcomeOf))
    expect(outcomes.filter((outcome) => outcome === 'pending')).toHaveLength(32)
    // What is being said goes on.
    expect(outcomes[31]).toBe('pending')
  })

  it('counts no source that has failed: what came of it before is still heard', async () => {
    const { clock, queue, stream } = speakingRig({ overflow: 'drop-oldest' })
    const failing = queue.play(
      (async function* () {
        yield level(300, 1_000)
        throw new Error('boom')
      })(),
      8000,
    )
    await expect(failing.finished).rejects.toThrow('boom')
    queue.play(level(6_000, 2_000), 8000)
    queue.play(level(6_000, 3_000), 8000)
    queue.play(level(1_000, 4_000), 8000)
    await clock.run(12_000)
    expect([1_000, 2_000, 3_000, 4_000].map((value) => msOf(stream.heard(), value))).toEqual([300, 0, 6_000, 1_000])
  })

  it('begins whatever it says at most 10 s after it was played, and tells of all that is played how much was heard', async () => {
    const step = fc.record({ ms: fc.nat({ max: 15_000 }), afterMs: fc.nat({ max: 3_000 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
        const { clock, queue, stream, say, skipped } = saying({ overflow: 'drop-oldest' })
        const results: { readonly playedMs: number; readonly interrupted: boolean; readonly delayMs: number }[] = []
        for (const { ms, afterMs } of steps) {
          const playedAt = clock.now()
          void say(ms / 1_000).finished.then((result) => {
            results.push({ ...result, delayMs: clock.now() - playedAt - ms })
          })
          await clock.run(afterMs)
        }
        await clock.run(40_000)
        expect(queue.isDrained).toBe(true)
        expect(results).toHaveLength(steps.length)
        const heard = results.filter(({ interrupted }) => !interrupted)
        for (const { delayMs } of heard) expect(delayMs).toBeLessThanOrEqual(10_000)
        expect(heard.at(-1)?.playedMs).toBe(steps.at(-1)?.ms)
        const totalMs = results.reduce((sum, { playedMs }) => sum + playedMs, 0)
        expect(totalMs).toBeCloseTo(stream.heardMs, 0)
        const toldMs = skipped().reduce((sum, edge) => sum + ('ms' in edge ? edge.ms : 0), 0)
        expect(toldMs).toBeCloseTo(queue.counters.droppedMs, 6)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a call that ends rather than lag', () => {
  it('says so, and what was played last is not said', async () => {
    const { clock, say, playbacks, types, stream } = saying({ overflow: 'end-call' }, 6, 6)
    expect(types()).toEqual(['playback.started'])
    await expect(say(1).finished).resolves.toEqual(CUT)
    expect(types()).toEqual(['playback.started', 'queue.overflowed'])
    await expect(Promise.all(playbacks.map(outcomeOf))).resolves.toEqual(['pending', 'pending'])
    await clock.run(13_000)
    // Whoever hears of it ends the call; the queue itself cuts nothing.
    expect(stream.heardMs).toBe(12_000)
  })

  it('does so, too, when 32 playbacks wait', async () => {
    const { say, types } = saying({ overflow: 'end-call' }, ...Array<number>(32).fill(0.25))
    expect(types()).not.toContain('queue.overflowed')
    await expect(say(0.25).finished).resolves.toEqual(CUT)
    expect(types()).toContain('queue.overflowed')
  })

  it('does not when as much comes as can be said', async () => {
    const { clock, say, types } = saying({ overflow: 'end-call' })
    for (let i = 0; i < 40; i += 1) {
      say(3)
      await clock.run(3_000)
    }
    expect(types()).not.toContain('queue.overflowed')
  })
})
