import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { rmsDbfs } from '../../src/audio/levels.ts'
import { readWav } from '../../src/audio/wav.ts'
import { SpeechDetector } from '../../src/media/speech-detector.ts'
import { listeningRig } from './listening-rig.ts'

const RECORDINGS = new URL('../../src/examples/speech/', import.meta.url)

function rig() {
  const changes: { readonly talking: boolean; readonly atMs: number }[] = []
  let bytes = 0
  const detector = new SpeechDetector((talking) => changes.push({ talking, atMs: bytes / 8 }))
  /** In frames of so many bytes; tells to the frame when the verdict changed. */
  const hear = (mulaw: Uint8Array, frame = 160) => {
    for (let from = 0; from < mulaw.length; from += frame) {
      bytes += Math.min(frame, mulaw.length - from)
      detector.push(mulaw.subarray(from, from + frame))
    }
  }
  return { detector, changes, hear }
}

/** What an idle line carries: Twilio's silence alternates between the two zeros. */
const lineNoise = (ms: number) => Uint8Array.from({ length: ms * 8 }, (_, i) => (i % 2 === 0 ? 0xff : 0x7f))

function toneAt(dbfs: number, ms: number): Uint8Array {
  const amplitude = 32_768 * Math.SQRT2 * 10 ** (dbfs / 20)
  const pcm = Int16Array.from({ length: ms * 8 }, (_, i) => Math.round(amplitude * Math.sin(i * 0.7)))
  const out = new Uint8Array(pcm.length)
  encodeMulaw(pcm, out)
  return out
}

async function recording(name: string): Promise<Uint8Array> {
  const { samples } = readWav(await readFile(new URL(name, RECORDINGS)))
  const out = new Uint8Array(samples.length)
  encodeMulaw(samples, out)
  return out
}

describe('somebody who talks', () => {
  it.each(['caller.wav', 'callee.wav'])(
    'is noticed in %s within a word, and known to have ended after it',
    async (name) => {
      const { changes, hear } = rig()
      hear(lineNoise(1_000))
      const speech = await recording(name)
      hear(speech)
      hear(lineNoise(1_000))
      expect(changes[0]?.talking).toBe(true)
      expect(changes[0]?.atMs).toBeGreaterThan(1_000)
      expect(changes[0]?.atMs).toBeLessThan(1_500)
      expect(changes.map(({ talking }) => talking)).toEqual(changes.map((_, i) => i % 2 === 0))
      expect(changes.at(-1)?.talking).toBe(false)
      const endedAt = 1_000 + speech.length / 8
      expect(changes.at(-1)?.atMs).toBeGreaterThan(endedAt - 600)
      expect(changes.at(-1)?.atMs).toBeLessThanOrEqual(endedAt + 520)
      expect(changes.length).toBeLessThanOrEqual(6)
    },
  )

  it('is noticed alike whatever the length of the frames', async () => {
    const speech = await recording('caller.wav')
    const verdicts = [1, 159, 160, 161, 8_000].map((frame) => {
      const { changes, hear } = rig()
      hear(speech, frame)
      hear(lineNoise(1_000), frame)
      return changes.map(({ talking }) => talking)
    })
    expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size).toBe(1)
  })

  it('is reported as edges, and as silent when the carrier sends nothing instead of silence', async () => {
    const { clock, pipe, edges, hear } = listeningRig()
    const speech = await recording('caller.wav')
    hear(speech.subarray(0, 8 * 1_000))
    expect(edges.map(({ type }) => type)).toEqual(['speech.started'])
    clock.advance(999)
    pipe.tick(clock.now())
    expect(edges.length).toBe(1)
    clock.advance(1)
    pipe.tick(clock.now())
    expect(edges.map(({ type }) => type)).toEqual(['speech.started', 'speech.ended'])
  })

  it('has ended when the stream is gone', async () => {
    const { pipe, edges, hear } = listeningRig()
    hear((await recording('caller.wav')).subarray(0, 8 * 1_000))
    pipe.detach()
    expect(edges.map(({ type }) => type)).toEqual(['speech.started', 'speech.ended'])
  })
})

describe('nobody', () => {
  it('talks on an idle line, whose silence is of both signs', () => {
    const { changes, hear } = rig()
    hear(lineNoise(5_000))
    hear(new Uint8Array(8_000).fill(0xff))
    hear(new Uint8Array(8_000).fill(0x7f))
    expect(changes).toEqual([])
  })

  it('talks below -38 dBFS, nor for less than 60 ms', () => {
    const { changes, hear } = rig()
    hear(toneAt(-40, 2_000))
    for (let i = 0; i < 10; i += 1) {
      hear(toneAt(-10, 40))
      hear(lineNoise(40))
    }
    expect(changes).toEqual([])
    hear(toneAt(-36, 60))
    expect(changes.map(({ talking }) => talking)).toEqual([true])
  })

  it('has stopped talking in a pause of less than 500 ms, nor while the level stays above -44 dBFS', () => {
    const { changes, hear } = rig()
    hear(toneAt(-20, 200))
    hear(lineNoise(480))
    hear(toneAt(-42, 3_000))
    hear(lineNoise(480))
    expect(changes.length).toBe(1)
    hear(lineNoise(20))
    expect(changes.length).toBe(2)
  })
})

describe('the level', () => {
  it('is that of the latest 20 ms, to a decibel', async () => {
    const { detector, hear } = rig()
    expect(detector.levelDbfs).toBe(-100)
    hear(toneAt(-20, 100))
    expect(detector.levelDbfs).toBeGreaterThan(-21)
    expect(detector.levelDbfs).toBeLessThan(-19)
    expect(rmsDbfs(new Int16Array(160).fill(328))).toBeCloseTo(-40, 0)
    hear(lineNoise(20))
    expect(detector.levelDbfs).toBeLessThan(-90)
  })

  it('is the same whatever the length of the frames', () => {
    const levels = [1, 7, 159, 160, 161, 800].map((frame) => {
      const { detector, hear } = rig()
      hear(toneAt(-20, 100), frame)
      return detector.levelDbfs
    })
    expect(new Set(levels).size).toBe(1)
  })
})
