import { expect, onTestFinished } from 'vitest'
import type { PcmRate } from '../../src/audio/format.ts'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { MAX_FLUSH_BYTES, TelephoneEncoder } from '../../src/audio/telephone-codec.ts'
import type { MediaEdge } from '../../src/media/media-edge.ts'
import { OutboundQueue } from '../../src/media/outbound-queue.ts'
import type { PacingLimits } from '../../src/media/pacing.ts'
import type { OverflowPolicy } from '../../src/overflow-policy.ts'
import { Ticker } from '../../src/media/ticker.ts'
import type { Playback, PlaybackResult } from '../../src/media/playback.ts'
import { FakeStream, type FakeStreamOptions } from './fake-stream.ts'
import { HandClock } from './hand-clock.ts'

export interface SpeakingRigOptions extends Omit<FakeStreamOptions, 'onMark'> {
  readonly limits?: PacingLimits
  readonly overflow?: OverflowPolicy
}

/** One call's outbound queue, ticked, with a carrier that listens. */
export function speakingRig(options: SpeakingRigOptions = {}) {
  const { limits, overflow, ...streamOptions } = options
  const clock = new HandClock()
  const edges: MediaEdge[] = []
  const faults: unknown[] = []
  const onFault = (error: unknown) => faults.push(error)
  const queue = new OutboundQueue({
    clock,
    report: (edge) => edges.push(edge),
    onFault,
    overflow,
    ...(limits === undefined ? {} : { limits }),
  })
  const openStream = () => new FakeStream(clock, { ...streamOptions, onMark: (name) => queue.noteMark(name) })
  const stream = openStream()
  new Ticker(clock).add({ tick: (now) => queue.tick(now), fault: onFault })
  queue.attach(stream)
  onTestFinished(() => expect(faults).toEqual([]))
  return { clock, queue, stream, edges, openStream, types: () => edges.map(({ type }) => type) }
}

/** `ms` of one sample value at 8 kHz, which is one byte value on the wire: tells playbacks apart in what is heard. */
export function level(ms: number, sample: number): Int16Array {
  return new Int16Array(ms * 8).fill(sample)
}

export function byteOf(sample: number): number {
  const out = new Uint8Array(1)
  encodeMulaw(Int16Array.of(sample), out)
  return out[0] ?? 0
}

/** Milliseconds of `level(_, sample)` in what was heard. */
export function msOf(heard: Uint8Array, sample: number): number {
  const byte = byteOf(sample)
  return heard.filter((other) => other === byte).length / 8
}

/** Something like speech: a tone that is never the same twice. */
export function speech(samples: number): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) => Math.round(9_000 * Math.sin(i * 0.07 + (i / 900) ** 2)))
}

/** What one encoder makes of the whole source. */
export function encoded(pcm: Int16Array, rate: PcmRate): Uint8Array {
  const encoder = new TelephoneEncoder(rate)
  const out = new Uint8Array(encoder.maxBytes(pcm.length) + MAX_FLUSH_BYTES)
  const length = encoder.encode(pcm, out)
  return out.slice(0, length + encoder.flush(out.subarray(length)))
}

/** `pcm` in chunks of so many samples, over and over. */
export function chunked(pcm: Int16Array, sizes: readonly number[]): Int16Array[] {
  const chunks: Int16Array[] = []
  let from = 0
  for (let i = 0; from < pcm.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 160
    chunks.push(pcm.subarray(from, from + size))
    from += size
  }
  return chunks
}

/** How a playback ended, or that it has not. */
export function outcomeOf(playback: Playback): Promise<PlaybackResult | 'pending'> {
  return Promise.race([playback.finished, Promise.resolve('pending' as const)])
}
