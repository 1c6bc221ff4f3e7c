/** One tone and nothing else: the beep of a machine, not a voice and not the two tones of a key. */
import { tonePower } from './dtmf-detector.ts'

/** Mean square per sample below which there is nothing to hear: -40 dBFS. */
const QUIET = 32768 ** 2 * 10 ** -4
/** Of the energy, how much must lie in the tone: a voice has overtones, and a square wave 0.81. */
const PURITY = 0.75

/** The frequency in Hz of the tone that `pcm`, some 20 ms at `rate` Hz, is; undefined for anything else. */
export function pureToneIn(pcm: Int16Array, rate: number): number | undefined {
  let energy = 0
  for (const sample of pcm) energy += sample * sample
  const power = energy / pcm.length
  if (!(power >= QUIET)) return undefined
  const frequency = frequencyOf(pcm)
  return frequency !== undefined && tonePower(pcm, frequency) >= PURITY * power ? frequency * rate : undefined
}

/** Cycles a sample, from the first zero crossing upward to the last. */
function frequencyOf(pcm: Int16Array): number | undefined {
  let first = 0
  let last = 0
  let cycles = -1
  for (let i = 1; i < pcm.length; i++) {
    const before = pcm[i - 1] ?? 0
    const after = pcm[i] ?? 0
    if (before >= 0 || after < 0) continue
    last = i - after / (after - before)
    if (cycles < 0) first = last
    cycles += 1
  }
  return cycles > 0 ? cycles / (last - first) : undefined
}
