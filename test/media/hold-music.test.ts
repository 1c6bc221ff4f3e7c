import { describe, expect, it } from 'vitest'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { composeHoldTune } from '../../src/audio/hold-tune.ts'
import { requireHoldAudio, type HoldAudio } from '../../src/media/hold-music.ts'
import { planeRig } from './plane-rig.ts'
import { encoded, level, msOf, speech } from './speaking-rig.ts'

function rig() {
  const all = planeRig()
  const stream = all.openStream()
  all.plane.attach(stream)
  return { ...all, stream }
}

/** Milliseconds of the built-in tune at the end of what was heard. */
function tuneMsOf(heard: Uint8Array, fromMs: number): number {
  const tune = composeHoldTune()
  const bytes = new Uint8Array(tune.length)
  encodeMulaw(tune, bytes)
  const rest = heard.subarray(fromMs * 8)
  return rest.every((byte, i) => byte === bytes[i % bytes.length]) ? rest.length / 8 : 0
}

describe('what is heard on hold', () => {
  it('has no seam where the audio starts anew, at any rate', async () => {
    const { clock, plane, stream } = rig()
    const pcm = speech(3_333)
    plane.hold(pcm, 16_000)
    await clock.run(2_000)
    const over = Int16Array.from({ length: 33_330 }, (_, i) => pcm[i % pcm.length] ?? 0)
    const heard = stream.heard()
    expect(heard.length).toBe(16_000)
    expect(Buffer.compare(heard, encoded(over, 16_000).subarray(0, heard.length))).toBe(0)
  })

  it.each<[string, () => HoldAudio]>([
    ['an array of chunks', () => [level(30, 1_000), level(40, 1_000)]],
    ['a function that makes an array', () => () => level(70, 1_000)],
    [
      'a function that makes a generator',
      () =>
        function* () {
          yield level(70, 1_000)
        },
    ],
    [
      'a function that makes an async generator',
      () =>
        async function* () {
          yield level(70, 1_000)
        },
    ],
  ])('may come from %s, over and over', async (_, audio) => {
    const { clock, plane, stream } = rig()
    plane.hold(audio(), 8000)
    await clock.run(3_000)
    expect(msOf(stream.heard(), 1_000)).toBeGreaterThan(2_900)
    plane.resume()
    const ms = stream.heardMs
    await clock.run(500)
    expect(stream.heardMs).toBe(ms)
  })

  it('may be somebody who talks now, and is then not looped', async () => {
    const other = rig()
    const { clock, plane, stream } = rig()
    plane.hold(other.plane.inbound.audio(20), 16_000)
    for (let i = 0; i < 50; i += 1) {
      other.plane.inbound.accept(155 + i * 20, Buffer.alloc(160, 0x90).toString('base64'))
      await clock.run(20)
    }
    expect(stream.heard().filter((byte) => byte === 0x90).length / 8).toBeGreaterThan(900)
  })

  it('is closed when the hold ends', async () => {
    const { clock, plane } = rig()
    let closed = 0
    plane.hold(async function* () {
      try {
        for (;;) yield level(20, 1_000)
      } finally {
        closed += 1
      }
    }, 8000)
    await clock.run(500)
    expect(closed).toBe(0)
    plane.resume()
    await clock.run(20)
    expect(closed).toBe(1)
  })

  it('waits in a second of memory, however much there is of it', async () => {
    const { clock, plane } = rig()
    let pulled = 0
    plane.hold(async function* () {
      for (;;) {
        pulled += 1
        yield level(20, 1_000)
      }
    }, 8000)
    await clock.run(2_000)
    expect(pulled * 20).toBeLessThanOrEqual(2_000 + 1_000 + 200)
  })
})

describe('audio that is no good', () => {
  it.each<[string, () => HoldAudio, number, string]>([
    ['is over', () => [new Int16Array()], 0, 'without an end'],
    ['is empty', () => new Int16Array(), 0, 'without an end'],
    ['can be read only once', () => [level(100, 1_000)].values(), 100, 'without an end'],
    [
      'fails',
      () =>
        async function* () {
          yield level(100, 1_000)
          throw new Error('no such file')
        },
      100,
      'no such file',
    ],
    ['is none', () => ({}) as unknown as HoldAudio, 0, 'got Object'],
    ['is nothing', () => null as unknown as HoldAudio, 0, 'null'],
    ['is of another kind', () => [new Float32Array(8)] as unknown as HoldAudio, 0, 'got Float32Array'],
  ])('because it %s is told of, and the tune takes its place', async (_, audio, heardMs, cause) => {
    const { clock, plane, stream, edges } = rig()
    plane.hold(audio(), 8000)
    await clock.run(2_000)
    expect(edges).toEqual([{ type: 'hold.faulted', cause: expect.stringContaining(cause) }])
    expect(msOf(stream.heard().subarray(0, heardMs * 8), 1_000)).toBe(heardMs)
    expect(tuneMsOf(stream.heard(), heardMs)).toBeGreaterThan(1_700)
  })

  it('is told of no more once the hold is over', async () => {
    const { clock, plane, edges } = rig()
    plane.hold(async function* () {
      yield await clock.reached(clock.now() + 200).then(() => Promise.reject<Int16Array>(new Error('too late')))
    })
    await clock.run(100)
    plane.resume()
    await clock.run(500)
    expect(edges).toEqual([])
  })

  it('can be refused before anybody is put on hold', () => {
    expect(() => requireHoldAudio({} as HoldAudio, undefined)).toThrow(
      expect.objectContaining({ code: 'AUDIO_SOURCE_INVALID' }),
    )
    expect(() => requireHoldAudio(undefined, 11_025)).toThrow(
      expect.objectContaining({ code: 'AUDIO_FORMAT_UNSUPPORTED' }),
    )
    for (const audio of [undefined, level(20, 1), [level(20, 1)], () => level(20, 1)]) requireHoldAudio(audio, 8000)
  })
})
