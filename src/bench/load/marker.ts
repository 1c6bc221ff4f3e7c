/**
 * A frame that is known again after decoding, resampling and encoding: a 2 kHz tone, which in 8 kHz samples is
 * `a a -a -a` over and over. Speech never has four fifths of its power there for ten milliseconds.
 */

import { decodeMulaw, encodeMulaw, MULAW_BYTES_PER_MS } from '../../audio/index.ts'

const AMPLITUDE = 8_000
/** RMS below which nothing counts as the tone, in steps of 16 bits. */
const LEAST_RMS = 1_500
const LEAST_SHARE = 0.8
const BLOCK_MS = 10
const BLOCK = BLOCK_MS * MULAW_BYTES_PER_MS
const FRAME = 160

/** mu-law of the marker's 20 ms. */
export function markerFrame(): Uint8Array {
  const pcm = Int16Array.from({ length: FRAME }, (_, index) => (index % 4 < 2 ? AMPLITUDE : -AMPLITUDE))
  const bytes = new Uint8Array(FRAME)
  encodeMulaw(pcm, bytes)
  return bytes
}

/** How far into `mulaw` the marker is first seen, in milliseconds (10 ms steps); undefined when it is not there. */
export function findMarker(mulaw: Uint8Array): number | undefined {
  const pcm = new Int16Array(mulaw.length)
  decodeMulaw(mulaw, pcm)
  for (let from = 0; from + BLOCK <= pcm.length; from += BLOCK) {
    if (isTone(pcm.subarray(from, from + BLOCK))) return from / MULAW_BYTES_PER_MS
  }
  return undefined
}

function isTone(pcm: Int16Array): boolean {
  let [inPhase, quadrature, energy] = [0, 0, 0]
  for (let index = 0; index + 3 < pcm.length; index += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = pcm.subarray(index, index + 4)
    inPhase += a - c
    quadrature += b - d
    energy += a * a + b * b + c * c + d * d
  }
  if (energy < LEAST_RMS ** 2 * pcm.length) return false
  return (2 * (inPhase ** 2 + quadrature ** 2)) / (pcm.length * energy) >= LEAST_SHARE
}
