import { expect, onTestFinished } from 'vitest'
import { TelephoneDecoder } from '../../src/audio/telephone-codec.ts'
import { InboundPipe, InboundScratch } from '../../src/media/inbound-pipe.ts'
import type { MediaEdge } from '../../src/media/media-edge.ts'
import { HandClock } from './hand-clock.ts'

/** One call's inbound pipe, attached, and a carrier that counts its time. */
export function listeningRig() {
  const clock = new HandClock()
  const edges: MediaEdge[] = []
  const faults: unknown[] = []
  const expected: unknown[] = []
  const pipe = new InboundPipe({
    clock,
    scratch: new InboundScratch(64 * 1024),
    report: (edge) => edges.push(edge),
    onListenerFault: (error) => faults.push(error),
  })
  pipe.attach()
  onTestFinished(() => expect(faults).toEqual(expected))
  let timestamp = 155
  /** A message at the carrier's own time, which goes on by as much as the message brings. */
  const hear = (mulaw: Uint8Array) => {
    const accepted = pipe.accept(timestamp, base64(mulaw))
    timestamp += mulaw.length / 8
    return accepted
  }
  /** Audio is lost on the way. */
  const lose = (ms: number) => {
    timestamp += ms
  }
  const collect = (chunkMs = 20) => {
    const chunks: Int16Array[] = []
    pipe.onAudio((pcm) => chunks.push(pcm.slice()), chunkMs)
    return chunks
  }
  return { clock, pipe, edges, expectFault: (fault: unknown) => expected.push(fault), hear, lose, collect }
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** mu-law noise, never the same twice. */
export function mulawNoise(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i * 73 + (i >> 3) * 29 + (i >> 7)) & 0xff)
}

/** What one decoder makes of the whole. */
export function decoded(mulaw: Uint8Array): Int16Array {
  const out = new Int16Array(mulaw.length * 2)
  new TelephoneDecoder().decode(mulaw, out)
  return out
}

export function joined(chunks: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/** Where two recordings part; -1 when they are the same. `toEqual` would take a second to say so. */
export function firstDifference(actual: Int16Array, wanted: Int16Array): number {
  const shared = Math.min(actual.length, wanted.length)
  for (let i = 0; i < shared; i += 1) if (actual[i] !== wanted[i]) return i
  return actual.length === wanted.length ? -1 : shared
}
