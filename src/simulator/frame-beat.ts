/**
 * The beat of a telephone line: a frame every 20 ms against absolute deadlines, with the little jitter recorded streams
 * have, and the ways in which a test takes it out of step.
 */

import type { Timer } from '../clock.ts'
import type { Exchange } from './exchange.ts'
import { type Frame, FRAME_MS, type SpeechQueue } from './speech-queue.ts'

/** When a stream's frames are due. */
export interface Beat {
  /** The stream has begun. */
  start(): void
  stop(): void
  /** No frames, while time goes on. */
  mute(): void
  unmute(): void
  /** Jumps ahead in the timestamps, as if `ms` of frames had been lost. */
  skip(ms: number): void
}

export interface FrameBeatOptions {
  readonly exchange: Exchange
  readonly speech: SpeechQueue
  /** Called for each frame that is due, with the timestamp it carries. */
  readonly send: (timestamp: number, frame: Frame) => void
}

/** Recorded first timestamps were 155 and 171: their origin lies before the start message. */
const FIRST_TIMESTAMP = { low: 150, high: 171 } as const

export class FrameBeat implements Beat {
  readonly #options: FrameBeatOptions
  #startedAt = 0
  #beats = 0
  #timestampOrigin: number
  #isMuted = false
  #timer: Timer

  constructor(options: FrameBeatOptions) {
    this.#options = options
    const { random } = options.exchange
    this.#timestampOrigin = random.between(FIRST_TIMESTAMP.low, FIRST_TIMESTAMP.high)
  }

  /** The first frame follows after one beat. */
  start(): void {
    this.#startedAt = this.#options.exchange.clock.now()
    this.#arm(this.#startedAt)
  }

  stop(): void {
    this.#options.exchange.clock.clearTimeout(this.#timer)
  }

  /** No frames, while time and the person's speech go on. */
  mute(): void {
    this.#isMuted = true
  }

  unmute(): void {
    this.#isMuted = false
  }

  /** Jumps ahead in the timestamps, as if `ms` of frames had been lost. */
  skip(ms: number): void {
    this.#timestampOrigin += ms
  }

  #arm(now: number): void {
    const { clock, jitterMs, random } = this.#options.exchange
    const deadline = this.#startedAt + (this.#beats + 1) * FRAME_MS + random.between(0, jitterMs)
    this.#timer = clock.setTimeout(() => this.#beat(), Math.max(0, deadline - now))
  }

  /** Sends the frame that is due, and those a late event loop has missed. */
  #beat(): void {
    const now = this.#options.exchange.clock.now()
    const due = Math.max(this.#beats + 1, Math.floor((now - this.#startedAt) / FRAME_MS))
    while (this.#beats < due) this.#send()
    this.#arm(now)
  }

  #send(): void {
    const { exchange, speech, send } = this.#options
    const { jitterMs, random } = exchange
    const timestamp = this.#timestampOrigin + this.#beats * FRAME_MS + random.between(-jitterMs, jitterMs)
    this.#beats += 1
    const frame = speech.nextFrame()
    if (!this.#isMuted) send(timestamp, frame)
  }
}
