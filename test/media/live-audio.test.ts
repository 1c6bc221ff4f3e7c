import { describe, expect, it } from 'vitest'
import { MULAW_SILENCE } from '../../src/audio/g711.ts'
import { TelephoneDecoder, TelephoneEncoder } from '../../src/audio/telephone-codec.ts'
import { InboundScratch } from '../../src/media/inbound-pipe.ts'
import { isBetterSkipped, LiveAudio } from '../../src/media/live-audio.ts'
import { MediaPlane } from '../../src/media/media-plane.ts'
import { Ticker } from '../../src/media/ticker.ts'
import { FakeStream } from './fake-stream.ts'
import { HandClock } from './hand-clock.ts'
import { base64, mulawNoise } from './listening-rig.ts'

const voice = new Int16Array(320).fill(5_000)
const pause = new Int16Array(320).fill(20)

/** A call that echoes, with a far end that can be held up on its way to us. */
function echoingRig() {
  const clock = new HandClock()
  const faults: unknown[] = []
  const plane = new MediaPlane({
    clock,
    ticker: new Ticker(clock),
    scratch: new InboundScratch(64 * 1024),
    report: () => {},
    onListenerFault: (error) => faults.push(error),
    onFault: (error) => faults.push(error),
  })
  const stream = new FakeStream(clock, { onMark: (name) => plane.outbound.noteMark(name) })
  plane.attach(stream)
  let frames = 0
  const arrive = (payload: Uint8Array) => {
    plane.inbound.accept(155 + frames * 20, base64(payload))
    frames += 1
  }
  return {
    clock,
    faults,
    plane,
    stream,
    arrive,
    /** So many frames, one every 20 ms. */
    hear: async (count: number, payload: Uint8Array) => {
      for (let i = 0; i < count; i += 1) {
        arrive(payload)
        await clock.run(20)
      }
    },
    /** How late an echo would be that came now. */
    delayMs: () => plane.outbound.queueMs + plane.outbound.leadMs,
  }
}

const speech = mulawNoise(160)
const silence = new Uint8Array(160).fill(MULAW_SILENCE)

describe('a chunk of live audio', () => {
  it.each([
    [voice, 100, false],
    [pause, 100, false],
    [voice, 101, false],
    [pause, 101, true],
    [voice, 400, false],
    [voice, 401, true],
  ])('is left out when it is a pause that comes late, or comes far too late', (chunk, delayMs, isSkipped) => {
    expect(isBetterSkipped(chunk, delayMs)).toBe(isSkipped)
  })
})

describe('an echo after the network was gone for two seconds', () => {
  it('is at once no more than 400 ms late, and after a pause no more than 100', async () => {
    const { clock, plane, hear, arrive, delayMs, faults } = echoingRig()
    plane.outbound.play(plane.inbound.audio(20))
    await hear(50, speech)
    await clock.run(2_000)
    for (let i = 0; i < 100; i += 1) arrive(speech)
    await hear(25, speech)
    expect(delayMs()).toBeLessThanOrEqual(420)
    await hear(25, silence)
    expect(delayMs()).toBeLessThanOrEqual(120)
    expect(plane.stats().droppedMs).toBeGreaterThan(1_500)
    // Nothing is lost any more once it has caught up.
    const { droppedMs } = plane.stats()
    await hear(50, speech)
    await hear(50, silence)
    expect(plane.stats().droppedMs).toBe(droppedMs)
    expect(faults).toEqual([])
    plane.release()
  })

  it('is whole as long as it is in time', async () => {
    const { plane, hear } = echoingRig()
    plane.outbound.play(plane.inbound.audio(20))
    await hear(100, silence)
    await hear(100, speech)
    expect(plane.stats()).toMatchObject({ droppedMs: 0, underruns: 0 })
    plane.release()
  })
})

describe('live audio that had to wait for a prompt', () => {
  it('is heard from about now on, not from when it began to wait', async () => {
    const { plane, hear, delayMs } = echoingRig()
    plane.outbound.play(new Int16Array(3_000 * 8).fill(9_000), 8_000)
    plane.outbound.play(plane.inbound.audio(20))
    await hear(200, speech)
    expect(delayMs()).toBeLessThanOrEqual(420)
    plane.release()
  })
})

describe('a source that is not live', () => {
  it('is never shortened, however late it is', async () => {
    const { clock, plane, stream } = echoingRig()
    const chunks = Array.from({ length: 100 }, () => pause)
    const played = plane.outbound.play(
      (async function* () {
        yield* chunks
      })(),
    )
    await clock.run(3_000)
    expect(await played.finished).toEqual({ playedMs: 2_000, interrupted: false })
    expect(stream.heardMs).toBeGreaterThanOrEqual(2_000)
    plane.release()
  })
})

describe('audio that is lent', () => {
  it('goes to a reader that waits as it is, without a copy', () => {
    const live = new LiveAudio(10)
    const buffer = Int16Array.of(1, 2, 3)
    let taken: Int16Array | undefined
    live.whenReady(() => (taken = live.take()))
    live.lend(buffer)
    expect(taken).toBe(buffer)
    expect(live.take()).toBeUndefined()
  })

  it('is kept as a copy when nobody waits, or who waits does not take it', () => {
    const live = new LiveAudio(10)
    const buffer = Int16Array.of(1)
    live.lend(buffer)
    live.take()
    live.whenReady(() => {})
    live.lend(buffer)
    live.lend(buffer)
    buffer[0] = 9
    expect([live.take(), live.take(), live.take()]).toEqual([Int16Array.of(1), Int16Array.of(1), undefined])
  })

  it('is copied for whoever awaits it', async () => {
    const live = new LiveAudio(10)
    const buffer = Int16Array.of(1)
    const next = live[Symbol.asyncIterator]().next()
    live.lend(buffer)
    buffer[0] = 9
    expect(await next).toEqual({ value: Int16Array.of(1), done: false })
  })
})

describe('an echo in chunks of any length', () => {
  it.each([20, 30, 100, 500, 900])('brings back just what was said, in order: %i ms', async (chunkMs) => {
    const { clock, plane, stream, arrive, faults } = echoingRig()
    plane.outbound.play(plane.inbound.audio(chunkMs))
    const said = mulawNoise(160 * 90)
    for (let frame = 0; frame < 90; frame += 1) {
      arrive(said.subarray(frame * 160, (frame + 1) * 160))
      await clock.run(20)
    }
    await clock.run(1_000)
    const pcm = new Int16Array(2 * said.length)
    new TelephoneDecoder().decode(said, pcm)
    const expected = new Uint8Array(said.length)
    new TelephoneEncoder(16_000).encode(pcm, expected)
    const whole = Math.floor((90 * 20) / chunkMs) * chunkMs * 8
    // Silence is put before what meets a dry carrier, and where its chunks are too far apart.
    const heard = Buffer.concat(stream.sent.map(({ bytes }) => bytes)).filter((byte) => byte !== MULAW_SILENCE)
    const wanted = expected.subarray(0, whole).filter((byte) => byte !== MULAW_SILENCE)
    expect(Buffer.compare(heard, wanted)).toBe(0)
    expect(faults).toEqual([])
  })
})
