import { decodeMulaw } from '../audio/g711.ts'
import { MULAW_BYTES_PER_MS } from '../audio/format.ts'

/** Power of each mu-law code relative to full scale. */
const POWER = new Float32Array(256)
{
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code)
  const linear = new Int16Array(256)
  decodeMulaw(codes, linear)
  for (const [code, sample] of linear.entries()) POWER[code] = (sample / 32768) ** 2
}

const powerOf = (dbfs: number) => 10 ** (dbfs / 10)
/** Telephone speech sits near -20 dBFS and line noise below -50; the two thresholds keep a word's end from flickering. */
const START_POWER = powerOf(-38)
const STOP_POWER = powerOf(-44)
/** A click is shorter than this, a syllable longer. */
const START_MS = 60
/** The pauses within a sentence. */
const STOP_MS = 500

/** Says when somebody talks, by level alone: good enough to know who has the floor, no match for a real VAD. */
export class SpeechDetector {
  readonly #onChange: (talking: boolean) => void
  #talking = false
  /** Milliseconds for which the level has contradicted the present verdict. */
  #contradictedMs = 0
  #power = 0

  constructor(onChange: (talking: boolean) => void) {
    this.#onChange = onChange
  }

  /** Mean power of the latest frame, in dBFS. */
  get levelDbfs(): number {
    return 10 * Math.log10(Math.max(this.#power, 1e-10))
  }

  push(mulaw: Uint8Array): void {
    if (mulaw.length === 0) return
    let sum = 0
    let count = 0
    // Every fourth sample tells the level within a fraction of a dB, at a quarter of the cost.
    for (let i = 0; i < mulaw.length; i += 4, count += 1) sum += POWER[mulaw[i]!]!
    this.#power = sum / count
    const contradicts = this.#talking ? this.#power < STOP_POWER : this.#power > START_POWER
    this.#contradictedMs = contradicts ? this.#contradictedMs + mulaw.length / MULAW_BYTES_PER_MS : 0
    if (this.#contradictedMs < (this.#talking ? STOP_MS : START_MS)) return
    this.#contradictedMs = 0
    this.#talking = !this.#talking
    this.#onChange(this.#talking)
  }
}
