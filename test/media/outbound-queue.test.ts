import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PcmRate } from '../../src/audio/format.ts'
import { chunked, encoded, level, outcomeOf, speakingRig, speech } from './speaking-rig.ts'

const rates = fc.constantFrom<PcmRate>(8000, 16000, 24000)

async function* asynchronously(chunks: Iterable<Int16Array>): AsyncGenerator<Int16Array> {
  yield* chunks
}

describe('what is heard', () => {
  it('is what the encoder makes of the whole source, to the bit, however it is cut into chunks', async () => {
    const samples = fc.integer({ min: 0, max: 24_000 })
    const sizes = fc.array(fc.integer({ min: 8, max: 5_000 }), { minLength: 1, maxLength: 5 })
    const kinds = fc.constantFrom('array', 'sync', 'async')
    await fc.assert(
      fc.asyncProperty(rates, samples, sizes, kinds, async (rate, length, chunkSizes, kind) => {
        const { clock, queue, stream } = speakingRig()
        const pcm = speech(length)
        const chunks = chunked(pcm, chunkSizes)
        queue.play(kind === 'array' ? pcm : kind === 'sync' ? chunks : asynchronously(chunks), rate)
        await clock.run(4_000)
        expect(queue.isDrained).toBe(true)
        const heard = stream.heard()
        const expected = length === 0 ? new Uint8Array() : encoded(pcm, rate)
        const prefill = kind === 'async' && heard.length === expected.length + 160 ? 160 : 0
        expect(heard.subarray(0, prefill).every((byte) => byte === 0xff)).toBe(true)
        expect(Buffer.compare(heard.subarray(prefill), expected)).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('is every playback in the order of play', async () => {
    const { clock, queue, stream } = speakingRig()
    const parts = [speech(4_000), speech(1_001), speech(0), speech(7)]
    for (const part of parts) queue.play(part)
    await clock.run(1_000)
    const expected = parts.filter((part) => part.length > 0).map((part) => encoded(part, 16_000))
    expect(Buffer.compare(stream.heard(), Buffer.concat(expected))).toBe(0)
  })

  it('goes out in the same turn when a stream is attached, and waits for one otherwise', () => {
    const { clock, queue, stream, openStream } = speakingRig()
    queue.detach()
    queue.play(level(500, 1_000), 8000)
    clock.advance(100)
    expect(stream.sent).toEqual([])
    const late = openStream()
    queue.attach(late)
    expect(late.sent.length).toBeGreaterThan(0)
  })
})

describe('O1: what waits is bounded', () => {
  it('pulls an async source only while the queue has room for 10 s', async () => {
    const { clock, queue } = speakingRig()
    let pulled = 0
    const endless = async function* () {
      for (;;) {
        pulled += 1
        yield level(20, 1_000)
      }
    }
    queue.play(endless(), 8000)
    await clock.run(1_000)
    const pulledMs = pulled * 20
    expect(queue.queueMs).toBeLessThanOrEqual(10_000)
    expect(queue.queueMs).toBeGreaterThan(9_900)
    expect(pulledMs).toBeLessThanOrEqual(queue.queueMs + 1_000 + 160 + 20)
    await clock.run(5_000)
    expect(Math.abs(pulled * 20 - pulledMs - 5_000)).toBeLessThanOrEqual(60)
  })

  it('takes the limit it is given', async () => {
    const { clock, queue } = speakingRig({ limits: { limitMs: 300 } })
    queue.play(asynchronously(chunked(speech(160_000), [320])))
    await clock.run(2_000)
    expect(queue.queueMs).toBeLessThanOrEqual(300)
    expect(queue.queueMs).toBeGreaterThan(200)
  })

  it('refuses the 33rd pending playback, and tells its source so', async () => {
    const { queue } = speakingRig()
    for (let i = 0; i < 32; i += 1) queue.play(level(1_000, 1_000), 8000)
    let stopped = false
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ value: level(20, 1_000), done: false as const }),
        return: async () => {
          stopped = true
          return { value: undefined, done: true as const }
        },
      }),
    }
    await expect(queue.play(source, 8000).finished).rejects.toMatchObject({
      code: 'PLAYBACK_OVERFLOW',
      message: expect.stringContaining('at most 32'),
    })
    expect(stopped).toBe(true)
  })

  it('has room again when one of the 32 has been heard', async () => {
    const { clock, queue } = speakingRig()
    for (let i = 0; i < 32; i += 1) queue.play(level(100, 1_000), 8000)
    await clock.run(150)
    await expect(outcomeOf(queue.play(level(1, 1_000), 8000))).resolves.toBe('pending')
  })

  it('says when it is crowded above 70 % and when it is relieved below 50 %, once each', async () => {
    const { clock, queue, types } = speakingRig()
    const depths: number[] = []
    queue.play(asynchronously(chunked(level(13_000, 1_000), [160])), 8000)
    for (let i = 0; i < 700; i += 1) {
      const before = types().filter((type) => type.startsWith('queue.')).length
      await clock.run(20)
      if (types().filter((type) => type.startsWith('queue.')).length > before) depths.push(queue.queueMs)
    }
    expect(types().filter((type) => type.startsWith('queue.'))).toEqual(['queue.crowded', 'queue.relieved'])
    expect(depths[0]).toBeGreaterThan(7_000)
    expect(depths[0]).toBeLessThan(7_500)
    expect(depths[1]).toBeLessThanOrEqual(5_000)
    expect(depths[1]).toBeGreaterThan(4_900)
  })
})

describe('O4: a playback settles exactly once', () => {
  it('tells how much was heard of a whole one, to the millisecond, when it has been heard', async () => {
    await fc.assert(
      fc.asyncProperty(rates, fc.integer({ min: 1, max: 40_000 }), fc.boolean(), async (rate, samples, isAsync) => {
        const { clock, queue } = speakingRig()
        const pcm = speech(samples)
        const playback = queue.play(isAsync ? asynchronously(chunked(pcm, [480])) : pcm, rate)
        let settledAt = 0
        void playback.finished.then(() => (settledAt = clock.now()))
        const startedAt = clock.now()
        await clock.run(6_000)
        const { playedMs, interrupted } = await playback.finished
        const durationMs = (samples / rate) * 1_000
        expect(interrupted).toBe(false)
        expect(Math.abs(playedMs - durationMs)).toBeLessThanOrEqual(0.2)
        expect(settledAt - startedAt).toBeGreaterThanOrEqual(playedMs)
        expect(settledAt - startedAt).toBeLessThanOrEqual(playedMs + 20 + 4 + 20)
      }),
      { numRuns: 40 },
    )
  })

  it('settles an empty one at once when nothing is before it', async () => {
    const { queue, types } = speakingRig()
    await expect(queue.play(new Int16Array()).finished).resolves.toEqual({ playedMs: 0, interrupted: false })
    await expect(queue.play([]).finished).resolves.toEqual({ playedMs: 0, interrupted: false })
    expect(types()).not.toContain('playback.started')
    expect(queue.isDrained).toBe(true)
  })

  it('rejects with CALL_OVER after release, and cuts what was playing', async () => {
    const { clock, queue } = speakingRig()
    const first = queue.play(level(1_000, 1_000), 8000)
    clock.advance(500)
    queue.release()
    await expect(first.finished).resolves.toEqual({ playedMs: 500, interrupted: true })
    await expect(queue.play(level(10, 1_000), 8000).finished).rejects.toMatchObject({ code: 'CALL_OVER' })
    first.cancel()
    queue.clear()
    expect(queue.isDrained).toBe(true)
  })

  it('says playback.started with the first audio and playback.drained when all was heard', () => {
    const { clock, queue, edges } = speakingRig()
    queue.play(level(300, 1_000), 8000)
    queue.play(level(300, 2_000), 8000)
    expect(edges).toEqual([{ type: 'playback.started' }])
    clock.advance(599)
    expect(edges).toEqual([{ type: 'playback.started' }])
    clock.advance(1)
    expect(edges).toEqual([{ type: 'playback.started' }, { type: 'playback.drained' }])
    expect(queue.isDrained).toBe(true)
  })

  it('says playback.drained also when a source ends without a word, since somebody may wait for it', async () => {
    const { clock, queue, types } = speakingRig()
    queue.play(asynchronously([]))
    expect(queue.isDrained).toBe(false)
    await clock.run(20)
    expect(types()).toEqual(['playback.drained'])
  })
})

describe('O5: every end is marked', () => {
  it.each<PcmRate>([8000, 16_000, 24_000])(
    'at %i Hz too when the source tells of its end only after all was sent',
    async (rate) => {
      const { clock, queue, stream } = speakingRig()
      const live = async function* () {
        yield speech((rate / 1_000) * 200)
        await clock.reached(clock.now() + 700)
      }
      const playback = queue.play(live(), rate)
      await clock.run(690)
      const marks = stream.marks.length
      await clock.run(60)
      expect(stream.marks.length).toBeGreaterThan(marks)
      await expect(outcomeOf(playback)).resolves.toEqual({ playedMs: 200, interrupted: false })
    },
  )

  it('marks at least every second, so that the clock is never trusted for longer', () => {
    const { clock, queue, stream } = speakingRig()
    queue.play(level(5_000, 1_000), 8000)
    clock.advance(5_000)
    expect(stream.marks.length).toBeGreaterThanOrEqual(6)
    expect(new Set(stream.marks).size).toBe(stream.marks.length)
  })

  it('lets the clock decide 2 s after an echo was due, when none ever comes', async () => {
    const { clock, queue, types } = speakingRig({ echoes: false })
    const settled: number[] = []
    const begin = clock.now()
    for (const ms of [400, 1_000]) {
      void queue.play(level(ms, 1_000), 8000).finished.then(() => settled.push(clock.now() - begin))
    }
    await clock.run(5_000)
    expect(settled.length).toBe(2)
    expect(settled[0]).toBeGreaterThanOrEqual(2_400)
    expect(settled[0]).toBeLessThanOrEqual(2_420)
    expect(settled[1]).toBeGreaterThanOrEqual(3_400)
    expect(settled[1]).toBeLessThanOrEqual(3_420)
    expect(types().at(-1)).toBe('playback.drained')
  })

  it('ignores a mark that is unknown, or told twice', async () => {
    const { clock, queue, stream } = speakingRig({ echoes: false })
    const playback = queue.play(level(300, 1_000), 8000)
    clock.advance(150)
    queue.noteMark('no such mark')
    queue.noteMark(stream.marks[0] ?? '')
    queue.noteMark(stream.marks[0] ?? '')
    clock.advance(100)
    await expect(outcomeOf(playback)).resolves.toBe('pending')
    expect(queue.clear().heardMs).toBe(200)
  })
})
