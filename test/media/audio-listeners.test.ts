import { describe, expect, it } from 'vitest'
import { decoded, firstDifference, joined, listeningRig, mulawNoise } from './listening-rig.ts'

const FRAME = mulawNoise(160)

describe('listeners', () => {
  it('each get chunks of their own length from the same audio', () => {
    const { hear, collect } = listeningRig()
    const all = [1, 20, 30, 100, 1_000].map((chunkMs) => ({ chunkMs, chunks: collect(chunkMs) }))
    const whole = mulawNoise(160 * 50)
    for (let i = 0; i < 50; i += 1) hear(whole.subarray(i * 160, (i + 1) * 160))
    for (const { chunkMs, chunks } of all) {
      expect(chunks.every(({ length }) => length === chunkMs * 16)).toBe(true)
      const complete = Math.floor(1_000 / chunkMs) * chunkMs * 16
      expect(firstDifference(joined(chunks), decoded(whole).subarray(0, complete))).toBe(-1)
    }
  })

  it('get a buffer that is reused: what is kept must be copied', () => {
    const { pipe, hear } = listeningRig()
    const kept: Int16Array[] = []
    const copies: Int16Array[] = []
    pipe.onAudio((pcm) => {
      kept.push(pcm)
      copies.push(pcm.slice())
    }, 20)
    hear(FRAME)
    hear(new Uint8Array(160).fill(0xff))
    expect(kept[0]?.buffer).toBe(kept[1]?.buffer)
    expect(kept[0]).not.toEqual(copies[0])
  })

  it.each([0, -20, 0.5, 1_001, Number.NaN, Number.POSITIVE_INFINITY])('cannot ask for chunks of %d ms', (chunkMs) => {
    const { pipe } = listeningRig()
    const refusal = expect.objectContaining({
      code: 'AUDIO_FORMAT_UNSUPPORTED',
      message: expect.stringContaining('got'),
    })
    expect(() => pipe.onAudio(() => {}, chunkMs)).toThrow(refusal)
    expect(() => pipe.audio(chunkMs)).toThrow(refusal)
  })

  it('hear nothing after the call is over, however late they come', () => {
    const { pipe, hear, collect } = listeningRig()
    const early = collect()
    pipe.release()
    const late = collect()
    pipe.attach()
    hear(FRAME)
    expect([early, late]).toEqual([[], []])
  })
})

describe('A1: nobody is called once it was ended', () => {
  it('by itself, not even for the rest of the same frame', () => {
    const { pipe, hear } = listeningRig()
    let calls = 0
    const end = pipe.onAudio(() => {
      calls += 1
      end()
    }, 20)
    hear(mulawNoise(1_600))
    hear(FRAME)
    expect(calls).toBe(1)
  })

  it('by another that is called first', () => {
    const { pipe, hear } = listeningRig()
    let calls = 0
    let endSecond = () => {}
    pipe.onAudio(() => endSecond(), 20)
    endSecond = pipe.onAudio(() => (calls += 1), 20)
    hear(FRAME)
    expect(calls).toBe(0)
  })

  it('by the end of the call, in the middle of a frame', () => {
    const { pipe, hear } = listeningRig()
    let calls = 0
    for (let i = 0; i < 3; i += 1) {
      pipe.onAudio(() => {
        calls += 1
        pipe.release()
      }, 20)
    }
    hear(mulawNoise(1_600))
    expect(calls).toBe(1)
  })
})

describe('A2: whoever comes while audio is handed out hears the next', () => {
  it('even one that subscribes anew each time', () => {
    const { pipe, hear } = listeningRig()
    let calls = 0
    const once = () => {
      const end = pipe.onAudio(() => {
        calls += 1
        end()
        once()
      }, 20)
    }
    once()
    for (let i = 0; i < 5; i += 1) hear(FRAME)
    expect(calls).toBe(5)
  })
})

describe('A3 and I4: a listener that fails is ended and told of, once; the others go on', () => {
  it('when it throws', () => {
    const { pipe, hear, collect, expectFault } = listeningRig()
    const boom = new Error('boom')
    const before = collect()
    let calls = 0
    pipe.onAudio(() => {
      calls += 1
      throw boom
    }, 20)
    const after = collect()
    hear(mulawNoise(1_600))
    hear(FRAME)
    expectFault(boom)
    expect([calls, before.length, after.length]).toEqual([1, 11, 11])
  })

  it('when it is async and rejects', async () => {
    const { clock, pipe, hear, collect, expectFault } = listeningRig()
    const boom = new Error('boom')
    let calls = 0
    // oxlint-disable-next-line typescript/no-misused-promises -- what a user's code may well do
    pipe.onAudio(async () => {
      calls += 1
      throw boom
    }, 20)
    const other = collect()
    hear(FRAME)
    await clock.run(0)
    hear(FRAME)
    expectFault(boom)
    expect([calls, other.length]).toEqual([1, 2])
  })
})
