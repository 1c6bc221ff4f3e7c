import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rmsDbfs } from '../../src/audio/levels.ts'
import { decodeMulaw } from '../../src/audio/g711.ts'
import type { Playback } from '../../src/media/playback.ts'
import type { FakeStream } from './fake-stream.ts'
import { base64, decoded, firstDifference, mulawNoise } from './listening-rig.ts'
import { planeRig } from './plane-rig.ts'
import { byteOf, level, msOf, outcomeOf } from './speaking-rig.ts'

const MUSIC = 500
const FRAME = mulawNoise(160)

function heldRig(options: Parameters<typeof planeRig>[0] = {}) {
  const rig = planeRig(options)
  const stream = rig.openStream()
  rig.plane.attach(stream)
  const hold = () => rig.plane.hold(level(70, MUSIC), 8000)
  return { ...rig, stream, hold }
}

/** In how many pieces a sample value was heard. */
function piecesOf(heard: Uint8Array, sample: number): number {
  const byte = byteOf(sample)
  return heard.filter((other, i) => other === byte && heard[i - 1] !== byte).length
}

describe('on hold', () => {
  it('the far end hears the agent’s last words, then the audio over and over, and after it what was not said yet', () => {
    const { clock, plane, stream, hold } = heldRig()
    plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(333)
    const { leadMs } = stream
    hold()
    clock.advance(2_000)
    expect(msOf(stream.heard(), 1_000)).toBe(333 + leadMs)
    expect(msOf(stream.heard(), MUSIC)).toBeGreaterThan(2_000 - leadMs - 21)
    plane.resume()
    expect(stream.clears).toEqual([clock.now()])
    clock.advance(1_000)
    expect(msOf(stream.heard(), 1_000)).toBe(1_000)
    expect(piecesOf(stream.heard(), 1_000)).toBe(2)
    expect(piecesOf(stream.heard(), MUSIC)).toBe(1)
  })

  it('a quiet tune is heard where nothing else was asked for', () => {
    const { clock, plane, stream } = heldRig()
    plane.hold()
    clock.advance(20_000)
    const heard = new Int16Array(stream.heard().length)
    decodeMulaw(stream.heard(), heard)
    expect(heard.length).toBe(160_000)
    expect(stream.gaps).toEqual([])
    expect(rmsDbfs(heard)).toBeGreaterThan(-28)
    expect(rmsDbfs(heard)).toBeLessThan(-24)
  })

  it('what is played waits, and is said once the hold is over', async () => {
    const { clock, plane, stream, hold, types } = heldRig()
    hold()
    const playback = plane.outbound.play(level(300, 2_000), 8000)
    await clock.run(1_000)
    expect(msOf(stream.heard(), 2_000)).toBe(0)
    await expect(outcomeOf(playback)).resolves.toBe('pending')
    expect(types()).toEqual([])
    plane.resume()
    await clock.run(400)
    await expect(playback.finished).resolves.toEqual({ playedMs: 300, interrupted: false })
    expect(types()).toEqual(['playback.started', 'playback.drained'])
  })

  it('a source is pulled only as far as there is room', async () => {
    const { clock, plane, hold } = heldRig()
    hold()
    let pulled = 0
    plane.outbound.play(
      (async function* () {
        for (;;) {
          pulled += 1
          yield level(20, 1_000)
        }
      })(),
      8000,
    )
    await clock.run(60_000)
    expect(pulled * 20).toBeLessThanOrEqual(10_060)
  })

  it('playback that has been heard to its end is told so', async () => {
    const { clock, plane, hold, types } = heldRig({ latencyMs: 30 })
    const playback = plane.outbound.play(level(200, 1_000), 8000)
    clock.advance(150)
    hold()
    await clock.run(200)
    await expect(playback.finished).resolves.toEqual({ playedMs: 200, interrupted: false })
    expect(types()).toEqual(['playback.started', 'playback.drained'])
  })

  it('a clear cuts what waits and leaves the music alone', async () => {
    const { clock, plane, stream, hold } = heldRig()
    const begun = plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(40)
    hold()
    clock.advance(500)
    const waiting = plane.outbound.play(level(1_000, 2_000), 8000)
    expect(plane.outbound.clear()).toEqual({ heardMs: 160 })
    await expect(begun.finished).resolves.toEqual({ playedMs: 160, interrupted: true })
    await expect(waiting.finished).resolves.toEqual({ playedMs: 0, interrupted: true })
    expect(stream.clears).toEqual([])
    clock.advance(1_000)
    plane.resume()
    clock.advance(1_000)
    expect(msOf(stream.heard(), 1_000)).toBe(160)
    expect(msOf(stream.heard(), 2_000)).toBe(0)
    expect(stream.gaps.length).toBeLessThanOrEqual(1)
  })

  it('a clear while the agent’s last words are being heard cuts them, and the music begins', async () => {
    const { clock, plane, stream, hold } = heldRig()
    const playback = plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(100)
    hold()
    clock.advance(30)
    plane.outbound.clear()
    expect(stream.clears).toEqual([clock.now()])
    await expect(playback.finished).resolves.toEqual({ playedMs: 130, interrupted: true })
    clock.advance(500)
    expect(msOf(stream.heard(), 1_000)).toBe(130)
    expect(msOf(stream.heard(), MUSIC)).toBe(500)
  })

  it('a cancelled playback is cut alone', async () => {
    const { clock, plane, stream, hold } = heldRig()
    plane.outbound.play(level(300, 1_000), 8000)
    const cancelled = plane.outbound.play(level(300, 2_000), 8000)
    plane.outbound.play(level(300, 3_000), 8000)
    clock.advance(100)
    hold()
    clock.advance(400)
    cancelled.cancel()
    clock.advance(100)
    plane.resume()
    clock.advance(2_000)
    expect([1_000, 2_000, 3_000].map((sample) => msOf(stream.heard(), sample))).toEqual([300, 0, 300])
    await expect(cancelled.finished).resolves.toEqual({ playedMs: 0, interrupted: true })
  })

  it('twice is held once, and resumed once; a resume without a hold is nothing', () => {
    const { clock, plane, stream, hold } = heldRig()
    plane.resume()
    expect(stream.clears).toEqual([])
    hold()
    clock.advance(100)
    plane.hold(level(100, 3_000), 8000)
    clock.advance(100)
    expect(plane.isHeld).toBe(true)
    plane.resume()
    plane.resume()
    expect([plane.isHeld, stream.clears.length]).toEqual([false, 1])
    clock.advance(100)
    expect(msOf(stream.heard(), 3_000)).toBe(0)
    expect(stream.heardMs).toBe(200)
  })

  it('ended before the last words were heard, it was as good as none: no music, no clear, no gap', () => {
    const { clock, plane, stream, hold } = heldRig()
    plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(100)
    hold()
    clock.advance(90)
    plane.resume()
    clock.advance(1_000)
    expect(stream.heardMs).toBe(1_000)
    expect([stream.clears, stream.gaps]).toEqual([[], []])
    expect(plane.stats()).toMatchObject({ underruns: 0, bargeIns: 0 })
  })

  it('begins though the carrier never echoes, two seconds after the last words', () => {
    const { clock, plane, stream, hold } = heldRig({ echoes: false })
    plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(100)
    hold()
    clock.advance(2_300)
    expect(msOf(stream.heard(), 1_000)).toBeLessThanOrEqual(260)
    expect(msOf(stream.heard(), MUSIC)).toBeGreaterThan(0)
  })

  it('begins though a playback whose echo never came was cancelled', () => {
    const { clock, plane, stream, hold } = heldRig({ echoes: false })
    const playback = plane.outbound.play(level(50, 1_000), 8000)
    clock.advance(100)
    playback.cancel()
    hold()
    clock.advance(2_500)
    expect(msOf(stream.heard(), MUSIC)).toBeGreaterThan(0)
  })

  it('may be asked for by whoever hears that the agent began to speak', () => {
    const { clock, plane, stream, hold } = heldRig({
      onEdge: ({ type }) => {
        if (type === 'playback.started') hold()
      },
    })
    plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(500)
    expect(msOf(stream.heard(), 1_000)).toBe(100)
    plane.resume()
    clock.advance(1_000)
    expect(msOf(stream.heard(), 1_000)).toBe(1_000)
  })

  it('ends with the call', async () => {
    const { clock, ticker, plane, stream } = heldRig()
    const playback = plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(100)
    let closed = 0
    plane.hold(async function* () {
      try {
        for (;;) yield level(20, MUSIC)
      } finally {
        closed += 1
      }
    }, 8000)
    await clock.run(1_000)
    plane.release()
    await clock.run(0)
    expect(closed).toBe(1)
    plane.resume()
    plane.hold()
    await expect(playback.finished).resolves.toMatchObject({ interrupted: true })
    expect([stream.closes, ticker.subscribers, clock.pending]).toEqual([1, 0, 0])
  })
})

describe('on hold, a stream that is lost', () => {
  it('is followed by one with music, on which the agent goes on in the end', async () => {
    const { clock, plane, stream, openStream, hold } = heldRig()
    const playback = plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(200)
    hold()
    clock.advance(1_000)
    const firstMs = msOf(stream.heard(), 1_000)
    plane.detach()
    const { length } = stream.sent
    clock.advance(700)
    expect(stream.sent.length).toBe(length)
    const fresh = openStream()
    plane.attach(fresh)
    clock.advance(500)
    expect(msOf(fresh.heard(), MUSIC)).toBe(500)
    plane.resume()
    clock.advance(1_000)
    expect(firstMs + msOf(fresh.heard(), 1_000)).toBe(1_000)
    await expect(playback.finished).resolves.toEqual({ playedMs: 1_000, interrupted: false })
  })

  it('takes the last words with it, and they are counted as lost', async () => {
    const { clock, plane, stream, openStream, hold } = heldRig()
    const playback = plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(200)
    hold()
    clock.advance(30)
    const lostMs = stream.leadMs
    plane.detach()
    const fresh = openStream()
    plane.attach(fresh)
    clock.advance(300)
    expect(msOf(fresh.heard(), MUSIC)).toBe(300)
    plane.resume()
    clock.advance(1_000)
    expect(lostMs).toBeGreaterThan(50)
    expect(msOf(fresh.heard(), 1_000)).toBe(1_000 - 230 - lostMs)
    await expect(playback.finished).resolves.toEqual({ playedMs: 1_000 - lostMs, interrupted: false })
  })

  it('may be resumed before there is another', () => {
    const { clock, plane, openStream, hold } = heldRig()
    hold()
    plane.detach()
    plane.outbound.play(level(200, 1_000), 8000)
    plane.resume()
    const fresh = openStream()
    plane.attach(fresh)
    clock.advance(500)
    expect(msOf(fresh.heard(), 1_000)).toBe(200)
    expect(msOf(fresh.heard(), MUSIC)).toBe(0)
  })

  it('may be held while there is none', () => {
    const { clock, plane, openStream, hold } = heldRig()
    plane.detach()
    hold()
    const fresh = openStream()
    plane.attach(fresh)
    clock.advance(300)
    expect(msOf(fresh.heard(), MUSIC)).toBe(300)
  })
})

describe('on hold, the agent', () => {
  it('is given no audio, and afterwards hears on where time stood still', () => {
    const { clock, plane, hold } = heldRig()
    const chunks: Int16Array[] = []
    plane.inbound.onAudio((pcm) => chunks.push(pcm.slice()), 30)
    const hear = (i: number) => plane.inbound.accept(155 + i * 20, base64(FRAME))
    for (let i = 0; i < 2; i += 1) hear(i)
    hold()
    for (let i = 2; i < 102; i += 1) hear(i)
    expect(chunks.length).toBe(1)
    clock.advance(100)
    plane.resume()
    hear(102)
    expect(chunks.map(({ length }) => length)).toEqual([480, 480])
    // What is heard next begins with a clean filter.
    const [last, fresh] = [chunks[1]?.subarray(160), decoded(FRAME)]
    expect(firstDifference(last ?? new Int16Array(), fresh)).toBe(-1)
    expect(plane.stats()).toMatchObject({ framesIn: 103, gapsFilledMs: 0, droppedMs: 0 })
  })

  it('is told of no digit, though it is counted', async () => {
    const { plane, hold } = heldRig()
    plane.noteDigit('1')
    hold()
    plane.noteDigit('2')
    plane.resume()
    plane.noteDigit('3')
    plane.release()
    const read: string[] = []
    for await (const digit of plane.digits) read.push(digit)
    expect(read).toEqual(['1', '3'])
    expect(plane.stats().digits).toBe(3)
  })

  it('can tell the end of every speech of which it was told the start: those between are not for it', () => {
    const told: string[] = []
    const { plane, types, hold } = heldRig({
      onEdge: ({ type }) => {
        if (!plane.isHeld) told.push(type)
      },
    })
    let sequence = 0
    const talk = (ms: number) => {
      for (let i = 0; i < ms / 20; i += 1) plane.inbound.accept(155 + 20 * sequence++, base64(FRAME))
    }
    talk(200)
    hold()
    talk(200)
    plane.resume()
    talk(200)
    expect(told).toEqual(['speech.started', 'speech.ended', 'speech.started'])
    expect(types()).toEqual(['speech.started', 'speech.ended', 'speech.started', 'speech.ended', 'speech.started'])
  })
})

describe('on hold, the figures', () => {
  it('count what is sent, and take neither the hold nor its end for trouble or a barge-in', () => {
    const { clock, plane, stream, hold } = heldRig()
    plane.outbound.play(level(2_000, 1_000), 8000)
    clock.advance(500)
    hold()
    clock.advance(600)
    plane.resume()
    clock.advance(2_000)
    const bytes = stream.sent.reduce((sum, message) => sum + message.bytes.length, 0)
    expect(plane.stats()).toMatchObject({
      bytesOut: bytes,
      underruns: 0,
      worstSendGapMs: 60,
      bargeIns: 0,
      droppedMs: 0,
      queueMs: 0,
    })
    expect(plane.stats().framesOut).toBeGreaterThanOrEqual(bytes / 160)
    expect(plane.stats().framesOut).toBeLessThanOrEqual(bytes / 160 + 2)
    expect(plane.stats().latencyMs.queue.p99).toBeLessThan(600)
    expect(new Set(stream.marks).size).toBe(stream.marks.length)
  })

  it('count music that came too late', () => {
    const { clock, plane, hold } = heldRig()
    hold()
    clock.advance(200)
    clock.block(400)
    clock.advance(200)
    expect(plane.stats()).toMatchObject({ underruns: 1 })
    expect(plane.stats().worstSendGapMs).toBeGreaterThanOrEqual(400)
  })

  it('tell of a network that takes no music', () => {
    const { clock, stream, types, hold } = heldRig()
    hold()
    stream.buffered = 1_000_000
    clock.advance(2_000)
    expect(types()).toEqual(['queue.stalled'])
  })
})

describe('a mark of the music', () => {
  it('that is echoed late proves nothing of what the agent says next, nor of the next music', async () => {
    const { clock, plane, stream, hold } = heldRig({ echoes: false })
    hold()
    clock.advance(100)
    const stale = [...stream.marks]
    plane.resume()
    const playback = plane.outbound.play(level(1_000, 1_000), 8000)
    for (const mark of stale) plane.noteMark(mark)
    await expect(outcomeOf(playback)).resolves.toBe('pending')
    expect(plane.outbound.clear()).toEqual({ heardMs: 0 })
    hold()
    clock.advance(100)
    expect(stream.marks.some((mark) => stale.includes(mark))).toBe(true)
    expect(new Set(stream.marks).size).toBe(stream.marks.length)
  })
})

type Step =
  | { readonly do: 'play' | 'wait'; readonly ms: number }
  | { readonly do: 'hold' | 'resume' | 'clear' | 'lose' }

const lengths = fc.integer({ min: 1, max: 400 })
const calm = fc.oneof(
  fc.record({ do: fc.constant('play' as const), ms: lengths }),
  fc.record({ do: fc.constant('wait' as const), ms: lengths }),
  fc.record({ do: fc.constantFrom('hold' as const, 'resume' as const) }),
)
const rough = fc.oneof(
  { weight: 4, arbitrary: calm },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'lose' as const) }) },
)
const latencies = fc.constantFrom(0, 7, 60)

/** Does the steps, then resumes and lets all that is left be heard. Every playback has sound of its own. */
async function lived(
  steps: readonly Step[],
  latencyMs: number,
  soundOf: (index: number, samples: number) => Int16Array,
) {
  const { clock, plane, faults, openStream, hold, stream } = heldRig({ latencyMs })
  const streams: FakeStream[] = [stream]
  const playbacks: { readonly playback: Playback; readonly ms: number }[] = []
  for (const step of steps) {
    if (step.do === 'play' && playbacks.length < 30) {
      const playback = plane.outbound.play(soundOf(playbacks.length, step.ms * 8), 8000)
      playbacks.push({ playback, ms: step.ms })
    }
    if (step.do === 'wait') await clock.run(step.ms)
    if (step.do === 'hold') hold()
    if (step.do === 'resume') plane.resume()
    if (step.do === 'clear') plane.outbound.clear()
    if (step.do === 'lose') {
      plane.detach()
      const fresh = openStream()
      streams.push(fresh)
      plane.attach(fresh)
    }
  }
  plane.resume()
  await clock.run(13_000)
  const results = await Promise.all(playbacks.map(({ playback }) => playback.finished))
  const music = byteOf(MUSIC)
  const heard = Buffer.concat(streams.map((each) => each.heard())).filter((byte) => byte !== music)
  expect(faults).toEqual([])
  expect(plane.outbound.isDrained).toBe(true)
  return { plane, results, heard, musicMs: streams.map((each) => msOf(each.heard(), MUSIC)), playbacks }
}

describe('H2: over any course of holds', () => {
  it('everything said is heard once, in its order, whatever the latency', async () => {
    // Each byte on the wire says how far the speech has come.
    const codes = Uint8Array.from({ length: 61 }, (_, i) => 0x81 + i)
    const sounds = new Int16Array(61)
    decodeMulaw(codes, sounds)
    await fc.assert(
      fc.asyncProperty(fc.array(calm, { maxLength: 40 }), latencies, async (steps, latencyMs) => {
        let said = 0
        const { plane, results, heard } = await lived(steps, latencyMs, (_, samples) =>
          Int16Array.from({ length: samples }, () => sounds[said++ % 61] ?? 0),
        )
        expect(
          Buffer.compare(
            heard,
            Uint8Array.from({ length: said }, (_, i) => codes[i % 61] ?? 0),
          ),
        ).toBe(0)
        expect(results.every(({ interrupted }) => !interrupted)).toBe(true)
        expect(plane.stats()).toMatchObject({ bargeIns: 0, droppedMs: 0, underruns: 0 })
      }),
      { numRuns: 120 },
    )
  })

  it('with clears and lost streams among them, each playback tells how much of it was heard, and that in one piece', async () => {
    const sampleOf = (index: number) => 1_000 + 900 * index
    await fc.assert(
      fc.asyncProperty(fc.array(rough, { maxLength: 40 }), latencies, async (steps, latencyMs) => {
        const { results, heard, playbacks } = await lived(steps, latencyMs, (index, samples) =>
          level(samples / 8, sampleOf(index)),
        )
        const cuts = steps.filter((step) => step.do === 'clear' || step.do === 'lose').length
        const tolerance = cuts === 0 ? 0 : cuts * (latencyMs * 2 + 1)
        for (const [i, { playedMs, interrupted }] of results.entries()) {
          expect(Math.abs(msOf(heard, sampleOf(i)) - playedMs)).toBeLessThanOrEqual(tolerance)
          expect(interrupted || playedMs === playbacks[i]?.ms || cuts > 0).toBe(true)
          expect(piecesOf(heard, sampleOf(i))).toBeLessThanOrEqual(1)
        }
        const order = [...heard].filter((byte, i) => byte !== heard[i - 1])
        const expected = results.map((_, i) => byteOf(sampleOf(i))).filter((byte) => heard.includes(byte))
        expect(order).toEqual(expected)
      }),
      { numRuns: 120 },
    )
  })
})
