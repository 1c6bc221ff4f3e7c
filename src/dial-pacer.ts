import type { Clock, Timer } from './clock.ts'
import { AdmissionError } from './errors.ts'

/**
 * Whose turn it is to dial: the carrier takes so many calls a second and keeps the others waiting where nobody sees them.
 *
 * Invariants
 * - P1 No sliding second has more starts than the rate; a rate below one a second has one start in its period.
 * - P2 First come, first served; but a repeat, which had its turn already and was sent back, comes before all who had none.
 * - P3 Whoever leaves the queue leaves at once, and takes nobody's turn with them.
 * - P4 One timer at most, and none while nobody waits.
 */

export interface DialPacerOptions {
  readonly clock: Clock
  /** Calls a second, more than 0. Between whole numbers above 1 the lower one counts: half a call cannot be placed. */
  readonly perSecond: number
  /** How many may wait for their first turn. Repeats have as many places again, so that they are not crowded out. */
  readonly maxWaiting: number
}

export interface TurnOptions {
  /** By which the queue can be asked for this one, e.g. the call's id. */
  readonly id?: string | undefined
  /** It had its turn, and the carrier asked for fewer requests. */
  readonly isRepeat?: boolean | undefined
}

/** One who waits. */
export interface Waiting {
  readonly id: string | undefined
  readonly isRepeat: boolean
  /** On the clock given. */
  readonly since: number
}

interface Place extends Waiting {
  readonly start: () => void
}

const SECOND_MS = 1_000

export class DialPacer {
  readonly #clock: Clock
  readonly #maxWaiting: number
  /** Starts allowed in any {@link #periodMs}. */
  readonly #starts: number
  readonly #periodMs: number
  /** When the latest starts were, oldest first; as many as are allowed at most. */
  readonly #started: number[] = []
  readonly #repeats: Place[] = []
  readonly #firsts: Place[] = []
  /** Undefined while none is set. */
  #timer: Timer

  constructor({ clock, perSecond, maxWaiting }: DialPacerOptions) {
    this.#clock = clock
    this.#maxWaiting = maxWaiting
    this.#starts = Math.max(1, Math.floor(perSecond))
    this.#periodMs = perSecond < 1 ? SECOND_MS / perSecond : SECOND_MS
  }

  /**
   * Resolves when it is this one's turn, which is used up by then. Rejects with {@link AdmissionError}
   * `DIAL_QUEUE_FULL`, or with the signal's reason when it aborts first.
   */
  async take(signal?: AbortSignal, { id, isRepeat = false }: TurnOptions = {}): Promise<void> {
    signal?.throwIfAborted()
    if (this.waiting === 0 && this.#untilFree() === 0) return this.#noteStart()
    const queue = isRepeat ? this.#repeats : this.#firsts
    this.#requirePlace(queue)
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#leave(queue, place)
        reject(signal?.reason)
      }
      const start = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      const place: Place = { id, isRepeat, since: this.#clock.now(), start }
      queue.push(place)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#schedule()
    })
  }

  /** Throws {@link AdmissionError} `DIAL_QUEUE_FULL` when one who came now would neither start nor find a place. */
  requireRoom(): void {
    if (this.waiting > 0 || this.#untilFree() > 0) this.#requirePlace(this.#firsts)
  }

  /** How many wait, repeats included. */
  get waiting(): number {
    return this.#repeats.length + this.#firsts.length
  }

  /** All who wait, in the order of their turns. */
  list(): readonly Waiting[] {
    return [...this.#repeats, ...this.#firsts].map(({ id, isRepeat, since }) => ({ id, isRepeat, since }))
  }

  /** 1 for the next; undefined for one who does not wait. */
  positionOf(id: string): number | undefined {
    const index = this.list().findIndex((place) => place.id === id)
    return index < 0 ? undefined : index + 1
  }

  /** When one who came now would have a turn, in milliseconds from now. */
  get waitMs(): number {
    const ahead = this.waiting
    // Those who started lately, as if all were allowed had: what is missing could start now.
    const missing = this.#starts - this.#started.length
    const slot = ahead % this.#starts
    const periods = Math.floor(ahead / this.#starts)
    const freeAt = slot < missing ? 0 : (this.#started[slot - missing] ?? 0) + this.#periodMs
    return Math.max(0, freeAt - this.#clock.now()) + periods * this.#periodMs
  }

  #requirePlace(queue: readonly Place[]): void {
    if (queue.length >= this.#maxWaiting) throw full(this.#maxWaiting, this.waitMs)
  }

  #leave(queue: Place[], place: Place): void {
    const index = queue.indexOf(place)
    if (index >= 0) queue.splice(index, 1)
    if (this.waiting === 0) this.#stop()
  }

  /** Gives turns to as many as may start now, and sees to it that the rest are looked at again in time. */
  #serve(): void {
    this.#timer = undefined
    while (this.waiting > 0 && this.#untilFree() === 0) {
      this.#noteStart()
      const place = this.#repeats.shift() ?? this.#firsts.shift()
      place?.start()
    }
    this.#schedule()
  }

  #schedule(): void {
    if (this.waiting === 0 || this.#timer !== undefined) return
    // Timers count whole milliseconds; one that comes early finds nobody's turn, and is set again.
    const delayMs = Math.ceil(this.#untilFree())
    this.#timer = this.#clock.setTimeout(() => this.#serve(), delayMs)
  }

  #stop(): void {
    if (this.#timer === undefined) return
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Milliseconds until one more may start. */
  #untilFree(): number {
    const [oldest] = this.#started
    if (oldest === undefined || this.#started.length < this.#starts) return 0
    return Math.max(0, oldest + this.#periodMs - this.#clock.now())
  }

  #noteStart(): void {
    this.#started.push(this.#clock.now())
    if (this.#started.length > this.#starts) this.#started.shift()
  }
}

function full(maxWaiting: number, retryAfterMs: number): AdmissionError {
  return new AdmissionError(
    'DIAL_QUEUE_FULL',
    `expected at most ${maxWaiting} calls waiting to be dialled, got one more`,
    { retryAfterMs },
  )
}
