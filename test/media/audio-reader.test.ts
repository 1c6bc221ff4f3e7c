import { describe, expect, it } from 'vitest'
import { decoded, firstDifference, joined, listeningRig, mulawNoise } from './listening-rig.ts'

const FRAME = mulawNoise(160)

async function readAll(audio: AsyncIterable<Int16Array>): Promise<Int16Array[]> {
  const chunks: Int16Array[] = []
  for await (const chunk of audio) chunks.push(chunk)
  return chunks
}

describe('audio() as an async iterable', () => {
  it('brings all that is heard from the moment it is asked for, in buffers of its own, and ends with the call', async () => {
    const { clock, pipe, hear } = listeningRig()
    hear(FRAME)
    const reading = readAll(pipe.audio(20))
    const whole = mulawNoise(1_600)
    for (let i = 0; i < 10; i += 1) {
      hear(whole.subarray(i * 160, (i + 1) * 160))
      if (i % 3 === 0) await clock.run(20)
    }
    pipe.release()
    const chunks = await reading
    expect(firstDifference(joined(chunks), decoded(whole))).toBe(-1)
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(10)
  })

  it('ends at once when the call is over already', async () => {
    const { pipe } = listeningRig()
    pipe.release()
    await expect(readAll(pipe.audio(20))).resolves.toEqual([])
  })

  it('stops listening when its reader breaks off', async () => {
    const { clock, pipe, hear, collect, edges } = listeningRig()
    const reading = (async () => {
      for await (const chunk of pipe.audio(20)) return chunk.length
      return 0
    })()
    hear(FRAME)
    await expect(reading).resolves.toBe(320)
    for (let i = 0; i < 1_000; i += 1) hear(FRAME)
    await clock.run(2_000)
    expect(pipe.counters.droppedMs).toBe(0)
    expect(edges.filter(({ type }) => type === 'audio.dropped')).toEqual([])
    // With nobody listening, whoever comes next begins with a clean filter.
    const chunks = collect()
    hear(FRAME)
    expect(firstDifference(joined(chunks), decoded(FRAME))).toBe(-1)
  })

  it('has several readers, each with all of it', async () => {
    const { pipe, hear } = listeningRig()
    const readings = [20, 20, 40].map((chunkMs) => readAll(pipe.audio(chunkMs)))
    for (let i = 0; i < 10; i += 1) hear(FRAME)
    pipe.release()
    expect((await Promise.all(readings)).map(({ length }) => length)).toEqual([10, 10, 5])
  })
})

describe('I5: a reader that falls behind', () => {
  it.each([20, 300])('keeps the latest 10 s, in chunks of %i ms, and loses the oldest', async (chunkMs) => {
    const { pipe, hear } = listeningRig()
    const audio = pipe.audio(chunkMs)
    const whole = mulawNoise(160 * 750)
    for (let i = 0; i < 750; i += 1) hear(whole.subarray(i * 160, (i + 1) * 160))
    pipe.release()
    const chunks = await readAll(audio)
    const kept = Math.floor(10_000 / chunkMs)
    expect(chunks.length).toBe(kept)
    expect(firstDifference(joined(chunks), decoded(whole).subarray(-kept * chunkMs * 16))).toBe(-1)
    expect(pipe.counters.droppedMs).toBe(15_000 - kept * chunkMs)
  })

  it('is told of every lost millisecond, at most once a second', () => {
    const { clock, pipe, edges, hear } = listeningRig()
    pipe.audio(20)
    for (let i = 0; i < 750; i += 1) {
      hear(FRAME)
      clock.advance(20)
      pipe.tick(clock.now())
    }
    clock.advance(1_000)
    pipe.tick(clock.now())
    pipe.tick(clock.now())
    const told = edges.flatMap((edge) => (edge.type === 'audio.dropped' ? [edge.ms] : []))
    expect(told[0]).toBe(20)
    expect(told.length).toBeLessThanOrEqual(7)
    expect(told.reduce((sum, ms) => sum + ms, 0)).toBe(5_000)
    expect(pipe.counters.droppedMs).toBe(5_000)
  })
})
