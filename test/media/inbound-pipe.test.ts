import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64, decoded, firstDifference, joined, listeningRig, mulawNoise } from './listening-rig.ts'

const FRAME = mulawNoise(160)

describe('I1: a listener gets exactly 16 samples a millisecond', () => {
  it.each([0, 1, 159, 160, 161, 8_000])('from frames of %i bytes', (size) => {
    const { pipe, hear, collect } = listeningRig()
    const chunks = collect()
    const whole = mulawNoise(size * 40)
    for (let i = 0; i < 40; i += 1) hear(whole.subarray(i * size, (i + 1) * size))
    const complete = Math.floor((size * 40) / 160)
    expect(chunks.length).toBe(complete)
    expect(chunks.every(({ length }) => length === 320)).toBe(true)
    expect(firstDifference(joined(chunks), decoded(whole).subarray(0, complete * 320))).toBe(-1)
    expect(pipe.counters).toMatchObject({ framesIn: 40, bytesIn: size * 40, gapsFilledMs: 0 })
  })

  it('from frames of any lengths, and the seams leave no trace', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 40 }),
        fc.integer({ min: 1, max: 90 }),
        (sizes, chunkMs) => {
          const { hear, collect } = listeningRig()
          const chunks = collect(chunkMs)
          const whole = mulawNoise(sizes.reduce((sum, size) => sum + size, 0))
          let from = 0
          for (const size of sizes) {
            hear(whole.subarray(from, from + size))
            from += size
          }
          const complete = Math.floor(whole.length / (chunkMs * 8)) * chunkMs * 16
          expect(firstDifference(joined(chunks), decoded(whole).subarray(0, complete))).toBe(-1)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('and begins with a clean filter when nobody has listened for a while', () => {
    const { pipe, hear, collect } = listeningRig()
    const end = pipe.onAudio(() => {}, 20)
    hear(FRAME)
    end()
    hear(FRAME)
    const chunks = collect()
    hear(FRAME)
    expect(firstDifference(joined(chunks), decoded(FRAME))).toBe(-1)
  })

  it('and begins with a clean filter on a fresh stream', () => {
    const { pipe, hear, collect } = listeningRig()
    const chunks = collect()
    hear(FRAME)
    pipe.attach()
    hear(FRAME)
    expect(firstDifference(joined(chunks.slice(1)), decoded(FRAME))).toBe(-1)
  })
})

describe('what is not base64', () => {
  it.each(['*', 'AAA', 'AAA*', '====', 'A===', 'AA==AAAA', 'AAAA AAA', 'AAAA\nAA=', 'AAAAA', 'AAAé'])(
    'is refused: %j',
    (payload) => {
      const { pipe, collect } = listeningRig()
      const chunks = collect(1)
      expect(pipe.accept(155, payload)).toBe(false)
      expect(pipe.counters).toMatchObject({ framesIn: 0, bytesIn: 0 })
      expect(chunks).toEqual([])
    },
  )

  it('is told from what is, for any text', () => {
    const alphabet = fc.constantFrom(...'ABCxyz019+/='.split(''), '*', ' ', '\n')
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 24 }), (characters) => {
        const { pipe } = listeningRig()
        const text = characters.join('')
        const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
        expect(pipe.accept(155, text)).toBe(isBase64)
      }),
      { numRuns: 300 },
    )
  })

  it('includes a message larger than any that can arrive', () => {
    const { pipe } = listeningRig()
    expect(pipe.accept(155, base64(mulawNoise(50_000)))).toBe(false)
    expect(pipe.accept(155, base64(mulawNoise(48_000)))).toBe(true)
  })
})

describe('I2: time is the carrier’s', () => {
  it('where it jumps by 41 ms, silence takes the place of what was lost', () => {
    const { pipe, hear, lose, collect } = listeningRig()
    const chunks = collect(1)
    hear(FRAME)
    lose(41)
    hear(FRAME)
    const silence = new Uint8Array(41 * 8).fill(0xff)
    expect(firstDifference(joined(chunks), decoded(Buffer.concat([FRAME, silence, FRAME])))).toBe(-1)
    expect(pipe.counters.gapsFilledMs).toBe(41)
    hear(FRAME)
    expect(pipe.counters.gapsFilledMs).toBe(41)
  })

  it('where it jumps by 40 ms, nothing is filled until more is missing', () => {
    const { pipe, hear, lose, collect } = listeningRig()
    const chunks = collect()
    hear(FRAME)
    lose(40)
    hear(FRAME)
    expect(pipe.counters.gapsFilledMs).toBe(0)
    lose(20)
    hear(FRAME)
    expect(pipe.counters.gapsFilledMs).toBe(60)
    expect(chunks.length).toBe(6)
  })

  it('every lost frame is made up for in the end, to 40 ms', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }), (losses) => {
        const { hear, lose, collect } = listeningRig()
        const chunks = collect()
        hear(FRAME)
        for (const isLost of losses) {
          if (isLost) lose(20)
          else hear(FRAME)
        }
        hear(FRAME)
        const missing = losses.length + 2 - chunks.length
        expect(missing).toBeGreaterThanOrEqual(0)
        expect(missing).toBeLessThanOrEqual(2)
      }),
    )
  })

  it('fills at most 10 s, and counts from there', () => {
    const { pipe, hear, lose, collect } = listeningRig()
    const chunks = collect()
    hear(FRAME)
    lose(3_600_000)
    hear(FRAME)
    expect(pipe.counters.gapsFilledMs).toBe(10_000)
    expect(chunks.length).toBe(502)
    hear(FRAME)
    lose(60)
    hear(FRAME)
    expect(pipe.counters.gapsFilledMs).toBe(10_060)
  })

  it('goes on without a gap when it runs backwards', () => {
    const { pipe, hear, lose, collect } = listeningRig()
    const chunks = collect()
    hear(FRAME)
    lose(-5_000)
    for (let i = 0; i < 10; i += 1) hear(FRAME)
    expect(pipe.counters.gapsFilledMs).toBe(0)
    expect(chunks.length).toBe(11)
    lose(60)
    hear(FRAME)
    expect(pipe.counters.gapsFilledMs).toBe(60)
  })

  it('may jitter by 2 ms, from whichever timestamp on', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 500 }), (first, jitter) => {
        const { pipe, collect } = listeningRig()
        const chunks = collect()
        const payload = base64(FRAME)
        for (const [i, ms] of jitter.entries()) pipe.accept(first + i * 20 + ms, payload)
        expect(pipe.counters.gapsFilledMs).toBe(0)
        expect(chunks.length).toBe(jitter.length)
      }),
      { numRuns: 30 },
    )
  })

  it('begins wherever the first timestamp says', () => {
    const { pipe, collect } = listeningRig()
    const chunks = collect()
    pipe.accept(86_400_000, base64(FRAME))
    pipe.accept(86_400_020, base64(FRAME))
    expect(pipe.counters.gapsFilledMs).toBe(0)
    expect(chunks.length).toBe(2)
  })

  it('begins anew with a fresh stream', () => {
    const { pipe, hear, collect } = listeningRig()
    const chunks = collect()
    for (let i = 0; i < 100; i += 1) hear(FRAME)
    pipe.detach()
    pipe.attach()
    expect(pipe.noteSequence(1)).toBe(true)
    pipe.accept(171, base64(FRAME))
    expect(pipe.counters).toMatchObject({ gapsFilledMs: 0, sequenceGaps: 0 })
    expect(chunks.length).toBe(101)
  })
})

describe('I3: a message older than one already heard is never replayed', () => {
  it('nor is a duplicate; a gap is counted once', () => {
    const { pipe } = listeningRig()
    expect([1, 2, 2, 3, 6, 5, 4, 6, 7].map((n) => pipe.noteSequence(n))).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
      false,
      false,
      true,
    ])
    expect(pipe.counters.sequenceGaps).toBe(1)
  })

  it('and a stream that is joined late has no gap before its first message', () => {
    const { pipe } = listeningRig()
    expect(pipe.noteSequence(41)).toBe(true)
    expect(pipe.counters.sequenceGaps).toBe(0)
  })
})

describe('a line from which nothing comes', () => {
  it('is silent after 3 s, once, and resumed with the next frame', () => {
    const { clock, pipe, edges, hear } = listeningRig()
    hear(FRAME)
    clock.advance(2_999)
    pipe.tick(clock.now())
    expect(edges).toEqual([])
    clock.advance(1)
    const at = clock.now()
    pipe.tick(at)
    clock.advance(5_000)
    pipe.tick(clock.now())
    expect(edges).toEqual([{ type: 'media.silent', at }])
    hear(FRAME)
    hear(FRAME)
    expect(edges).toEqual([{ type: 'media.silent', at }, { type: 'media.resumed' }])
  })

  it('counts from its beginning when nothing ever came', () => {
    const { clock, pipe, edges } = listeningRig()
    clock.advance(3_000)
    pipe.tick(clock.now())
    expect(edges.map(({ type }) => type)).toEqual(['media.silent'])
  })

  it('is not called silent while no stream is attached, and has 3 s again when one is', () => {
    const { clock, pipe, edges } = listeningRig()
    pipe.detach()
    clock.advance(10_000)
    pipe.tick(clock.now())
    pipe.attach()
    clock.advance(2_999)
    pipe.tick(clock.now())
    expect(edges).toEqual([])
  })
})

describe('the figures', () => {
  it('count a frame that nobody listens to', () => {
    const { pipe, hear } = listeningRig()
    hear(FRAME)
    hear(mulawNoise(80))
    expect(pipe.counters).toEqual({ framesIn: 2, bytesIn: 240, gapsFilledMs: 0, sequenceGaps: 0, droppedMs: 0 })
    expect(pipe.decodeMs.count).toBe(2)
  })
})
