import { MODEL_RATE, PCM_SAMPLES_PER_MS } from '../audio/format.ts'
import { rmsDbfs } from '../audio/levels.ts'
import { pureToneIn } from '../audio/pure-tone.ts'

/** Beeps of machines, in Hz; a voice's pitch is below, a fax above. */
const LOWEST_BEEP = 400
const HIGHEST_BEEP = 2_000
/** A tone of 150 ms fills six frames of 20 ms, wherever it begins. */
const BEEP_MS = 120
/** A beep keeps its pitch. */
const SAME_PITCH = 0.03
/** Telephone speech sits near -20 dBFS and line noise below -50. */
const SPEECH_DBFS = -40
/** A click is no greeting. */
const SPEECH_MS = 200

/** Listens to what may be a machine's greeting, to tell when it is over. */
export class GreetingEar {
  readonly #quietMs: number
  #speechMs = 0
  #silentMs = 0
  #tone = { hz: 0, ms: 0 }
  #hasBeeped = false

  /** @param quietMs of silence after speech that are the end of it. */
  constructor(quietMs: number) {
    this.#quietMs = quietMs
  }

  /** How the greeting has ended, as far as can be heard; undefined while it has not begun, or goes on. */
  get end(): 'beep' | 'silence' | undefined {
    if (this.#hasBeeped) return 'beep'
    return this.#speechMs >= SPEECH_MS && this.#silentMs >= this.#quietMs ? 'silence' : undefined
  }

  /** Hears the next 20 ms, at 16 kHz. */
  push(pcm: Int16Array): void {
    const ms = pcm.length / PCM_SAMPLES_PER_MS
    const hz = pureToneIn(pcm, MODEL_RATE)
    if (hz !== undefined && hz >= LOWEST_BEEP && hz <= HIGHEST_BEEP) return this.#noteTone(hz, ms)
    const hasBeeped = this.#tone.ms >= BEEP_MS
    this.#tone = { hz: 0, ms: 0 }
    if (hasBeeped) this.#noteBeep()
    else if (rmsDbfs(pcm) > SPEECH_DBFS) this.#noteSpeech(ms)
    else this.#silentMs += ms
  }

  #noteTone(hz: number, ms: number): void {
    const isSame = Math.abs(hz - this.#tone.hz) <= SAME_PITCH * this.#tone.hz
    this.#tone = { hz, ms: isSame ? this.#tone.ms + ms : ms }
  }

  #noteBeep(): void {
    this.#hasBeeped = true
    this.#speechMs = 0
    this.#silentMs = 0
  }

  /** Whoever talks after a beep has not come to the end. */
  #noteSpeech(ms: number): void {
    this.#speechMs += ms
    this.#silentMs = 0
    if (this.#speechMs >= SPEECH_MS) this.#hasBeeped = false
  }
}
