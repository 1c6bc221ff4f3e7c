import { TELEPHONE_RATE } from './format.ts'

/** What somebody on hold hears unless the agent has something better: a few soft plucked chords, over and over. */

/** Hz, a broken chord each, from below; C, A minor, F and G. */
const BARS = [
  [261.63, 329.63, 392, 523.25],
  [220, 329.63, 440, 523.25],
  [261.63, 349.23, 440, 523.25],
  [246.94, 293.66, 392, 493.88],
] as const
const NOTE_SAMPLES = TELEPHONE_RATE / 2
/** A note rings on beneath those that follow, and has died away by its end: -50 dB. */
const RING_SAMPLES = 4 * NOTE_SAMPLES
const DECAY = Math.log(300) / RING_SAMPLES
/** Without a rise every note begins with a click. */
const RISE_SAMPLES = TELEPHONE_RATE / 50
/** Of the tone and the one an octave above it. */
const PARTIALS = [1, 0.3] as const
/** Under a voice, which is near -20 dBFS, and over every line's noise. */
const LEVEL_DBFS = -26

/** 8 s at 8 kHz, mono. Notes that outlast the end ring on at the beginning, so that nothing is heard where it starts anew. */
export function composeHoldTune(): Int16Array {
  const notes = BARS.flat()
  const sum = new Float64Array(notes.length * NOTE_SAMPLES)
  for (const [i, hz] of notes.entries()) {
    for (const [octave, weight] of PARTIALS.entries()) addTone(sum, i * NOTE_SAMPLES, hz * 2 ** octave, weight)
  }
  const power = sum.reduce((total, sample) => total + sample ** 2, 0) / sum.length
  const gain = (32_768 * 10 ** (LEVEL_DBFS / 20)) / Math.sqrt(power)
  return Int16Array.from(sum, (sample) => Math.round(sample * gain))
}

/** Adds a plucked tone from `start` on, around the end. */
function addTone(sum: Float64Array, start: number, hz: number, weight: number): void {
  // Each sample of a sine follows from the two before it: no call of a function for any of them.
  const step = (2 * Math.PI * hz) / TELEPHONE_RATE
  const turn = 2 * Math.cos(step)
  const fade = Math.exp(-DECAY)
  let before = Math.sin(-step)
  let sine = 0
  let loudness = weight
  for (let i = 0; i < RING_SAMPLES; i++) {
    const edge = Math.min(1, i / RISE_SAMPLES)
    const at = (start + i) % sum.length
    sum[at] = (sum[at] ?? 0) + loudness * edge * sine
    const next = turn * sine - before
    before = sine
    sine = next
    loudness *= fade
  }
}
