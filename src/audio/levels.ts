import { decodeMulaw } from './g711.ts'

/** How loud: decibels relative to a full-scale 16-bit sample, so that a full-scale sine has a peak of 0 and an RMS of -3. */
const FULL_SCALE = 32768

/** Root mean square in dBFS; -Infinity for silence and for nothing at all. */
export function rmsDbfs(pcm: Int16Array): number {
  if (pcm.length === 0) return -Infinity
  let energy = 0
  for (const sample of pcm) energy += sample * sample
  return 10 * Math.log10(energy / pcm.length / FULL_SCALE ** 2)
}

/** The same of mu-law. */
export function mulawDbfs(mulaw: Uint8Array): number {
  const pcm = new Int16Array(mulaw.length)
  decodeMulaw(mulaw, pcm)
  return rmsDbfs(pcm)
}

/** The loudest sample in dBFS; -Infinity for silence and for nothing at all. */
export function peakDbfs(pcm: Int16Array): number {
  let peak = 0
  for (const sample of pcm) peak = Math.max(peak, Math.abs(sample))
  return 20 * Math.log10(peak / FULL_SCALE)
}
