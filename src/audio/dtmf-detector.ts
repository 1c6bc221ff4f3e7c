/** Hears dialled digits in a recording: the counterpart of tones.ts, for tests and the simulator. */
import { HIGH_TONES, KEYPAD, LOW_TONES } from './tones.ts'

/** One look: long enough to tell 697 from 770 Hz, short enough to fit into a gap of 40 ms. */
const BLOCK_MS = 25
const STEP_MS = 10
/** Looks that must agree: a tone of about 35 ms. */
const LOOKS = 2
/** Mean square per sample below which there is nothing to hear: -45 dBFS. */
const QUIET = 32768 ** 2 * 10 ** -4.5
/** Of a block's energy, how much must lie in the two tones: speech, however shrill, has energy elsewhere. */
const PURITY = 0.8
/** The louder tone may have at most so many times the power of the other: 9 dB. */
const TWIST = 8

/**
 * The digits heard, in order, by the Goertzel algorithm. `rate` in Hz. Tones and gaps of 40 ms and more are told apart
 * (ITU-T Q.24).
 */
export function detectDtmf(pcm: Int16Array, rate: number): string {
  const block = Math.round((rate * BLOCK_MS) / 1000)
  const step = Math.round((rate * STEP_MS) / 1000)
  let digits = ''
  let current = ''
  let looks = 0
  for (let at = 0; at + block <= pcm.length; at += step) {
    const key = keyIn(pcm.subarray(at, at + block), rate)
    looks = key === current ? looks + 1 : 1
    current = key
    if (looks === LOOKS) digits += key
  }
  return digits
}

/** The key whose two tones make up this block, or an empty string. */
function keyIn(block: Int16Array, rate: number): string {
  let energy = 0
  for (const sample of block) energy += sample * sample
  const power = energy / block.length
  if (power < QUIET) return ''
  const low = strongest(LOW_TONES, block, rate)
  const high = strongest(HIGH_TONES, block, rate)
  if (low.power + high.power < PURITY * power) return ''
  if (low.power > TWIST * high.power || high.power > TWIST * low.power) return ''
  return KEYPAD[low.index]?.[high.index] ?? ''
}

function strongest(tones: readonly number[], block: Int16Array, rate: number): { index: number; power: number } {
  let best = { index: -1, power: -1 }
  for (const [index, hz] of tones.entries()) {
    const power = tonePower(block, hz / rate)
    if (power > best.power) best = { index, power }
  }
  return best
}

/** Mean square of the sine of `frequency` (cycles a sample) in the block: Goertzel's recurrence. */
export function tonePower(block: Int16Array, frequency: number): number {
  const coefficient = 2 * Math.cos(2 * Math.PI * frequency)
  let previous = 0
  let last = 0
  for (const sample of block) {
    const next = sample + coefficient * last - previous
    previous = last
    last = next
  }
  const magnitude = last * last + previous * previous - coefficient * last * previous
  return (2 * magnitude) / block.length ** 2
}
