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
/** The level is judged by so much audio at a time, however long the carrier's frames are. */
const WINDOW_MS = 20
const WINDOW_BYTES = WINDOW_MS * MULAW_BYTES_PER_MS
/** Every fourth sample tells the level within a fraction of a dB, at a quarter of the cost. */
const STRIDE = 4

/** Says when somebody talks, by level alone: good enough to know who has the floor, no match for a real VAD. */
export class SpeechDetector {
  readonly #onChange: (talking: boolean) => void
  #talking = false
  /** Milliseconds for which the level has contradicted the present verdict. */
  #contradictedMs = 0
  /** The window being filled: bytes so far, and the sum of the powers looked at. */
  #filled = 0
  #sum = 0
  #power = 0

  constructor(onChange: (talking: boolean) => void) {
    this.#onChange = onChange
  }

  /** Mean power of the latest 20 ms, in dBFS. */
  get levelDbfs(): number {
    return 10 * Math.log10(Math.max(this.#power, 1e-10))
  }

  push(mulaw: Uint8Array): void {
    let from = 0
    while (from < mulaw.length) {
      const to = Math.min(mulaw.length, from + WINDOW_BYTES - this.#filled)
      const first = from + ((STRIDE - (this.#filled % STRIDE)) % STRIDE)
      for (let i = first; i < to; i += STRIDE) this.#sum += POWER[mulaw[i] ?? 0] ?? 0
      this.#filled += to - from
      from = to
      if (this.#filled === WINDOW_BYTES) this.#judge()
    }
  }

  /** Nothing comes any more: whoever talked has stopped. */
  hush(): void {
    this.#contradictedMs = 0
    this.#filled = 0
    this.#sum = 0
    if (this.#talking) this.#turn()
  }

  #judge(): void {
    this.#power = this.#sum / (WINDOW_BYTES / STRIDE)
    this.#filled = 0
    this.#sum = 0
    const contradicts = this.#talking ? this.#power < STOP_POWER : this.#power > START_POWER
    this.#contradictedMs = contradicts ? this.#contradictedMs + WINDOW_MS : 0
    if (this.#contradictedMs < (this.#talking ? STOP_MS : START_MS)) return
    this.#contradictedMs = 0
    this.#turn()
  }

  #turn(): void {
    this.#talking = !this.#talking
    this.#onChange(this.#talking)
  }
}
