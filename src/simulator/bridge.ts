/**
 * Two legs joined: what the person on one says, the person on the other hears, a little later. It lasts until either leg
 * is over, or until other instructions take one of them away.
 *
 * Invariants: frames lie one behind the other in what is heard, however unevenly the beat comes; `ended` resolves once,
 * and then no timer of the bridge is left.
 */

import type { SimulatedCall } from './call.ts'
import type { Exchange } from './exchange.ts'
import { FrameBeat } from './frame-beat.ts'
import { PlayoutBuffer } from './playout-buffer.ts'
import { type Frame, FRAME_MS } from './speech-queue.ts'
import type { Audible } from './timeline.ts'

/** From one telephone to the other. More than the beat's jitter, so that no frame comes after its time. */
const DELAY_MS = 60

/** One end of a bridge: what its person hears of the other. */
class Ear implements Audible {
  readonly playout: PlayoutBuffer
  endedAt: number | undefined
  readonly #exchange: Exchange
  readonly #startedAt: number
  #frames = 0

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.#startedAt = exchange.clock.now()
    this.playout = new PlayoutBuffer({ originMs: this.#startedAt })
  }

  get heardUntil(): number {
    return this.endedAt ?? this.#exchange.clock.now()
  }

  hear({ audio, isSpeech }: Frame): void {
    const at = this.#startedAt + this.#frames * FRAME_MS + DELAY_MS
    this.#frames += 1
    if (isSpeech) this.playout.write(audio, at)
  }
}

export class Bridge {
  readonly ended: Promise<void>
  readonly #ears: readonly Ear[]
  readonly #beats: readonly FrameBeat[]
  readonly #exchange: Exchange
  #resolveEnded: () => void = () => undefined
  #isOver = false

  /** Joins two legs that are up. */
  constructor(exchange: Exchange, one: SimulatedCall, other: SimulatedCall) {
    this.#exchange = exchange
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve))
    const join = (speaker: SimulatedCall, listener: SimulatedCall): [Ear, FrameBeat] => {
      const ear = new Ear(exchange)
      listener.bridge = this
      listener.ears.push(ear)
      speaker.over.addEventListener('abort', () => this.end(), { once: true })
      const send = (_timestamp: number, frame: Frame): void => ear.hear(frame)
      return [ear, new FrameBeat({ exchange, speech: speaker.speech, send })]
    }
    const joined = [join(one, other), join(other, one)]
    this.#ears = joined.map(([ear]) => ear)
    this.#beats = joined.map(([, beat]) => beat)
    for (const beat of this.#beats) beat.start()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Parts the legs; neither of them ends by it. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const beat of this.#beats) beat.stop()
    for (const ear of this.#ears) ear.endedAt = this.#exchange.clock.now()
    this.#resolveEnded()
  }
}
