import type { Clock, Timer } from '../clock.ts'
import { Histogram } from './histogram.ts'

const PERIOD_MS = 20

export interface Ticking {
  /** @param lateMs how long after its deadline this tick fires. */
  tick(now: number, lateMs: number): void
  /** What `tick` threw: this subscriber's own trouble, and nobody else's. */
  fault(error: unknown): void
}

/**
 * One timer for all calls, against absolute deadlines: a late tick does not delay the next one, and the work it missed
 * is done by whoever is ticked, from the time it is told.
 *
 * Owns one timer, and only while somebody subscribes.
 */
export class Ticker {
  /** How late ticks fire, in milliseconds. */
  readonly lateness = new Histogram()
  readonly #clock: Clock
  readonly #subscribers = new Set<Ticking>()
  #timer: Timer | undefined
  #deadline = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(subscriber: Ticking): void {
    this.#subscribers.add(subscriber)
    if (this.#timer !== undefined) return
    this.#deadline = this.#clock.now() + PERIOD_MS
    this.#arm()
  }

  remove(subscriber: Ticking): void {
    this.#subscribers.delete(subscriber)
    if (this.#subscribers.size > 0 || this.#timer === undefined) return
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  get subscribers(): number {
    return this.#subscribers.size
  }

  #arm(): void {
    const wait = Math.max(0, this.#deadline - this.#clock.now())
    this.#timer = this.#clock.setTimeout(() => this.#fire(), wait)
  }

  #fire(): void {
    const now = this.#clock.now()
    const lateMs = Math.max(0, now - this.#deadline)
    this.lateness.record(lateMs)
    // Ticks that a blocked event loop swallowed are gone: the next deadline is the first that still lies ahead.
    const missed = Math.floor(lateMs / PERIOD_MS)
    this.#deadline += (missed + 1) * PERIOD_MS
    for (const subscriber of this.#subscribers) {
      try {
        subscriber.tick(now, lateMs)
      } catch (error) {
        subscriber.fault(error)
      }
    }
    if (this.#subscribers.size > 0) this.#arm()
    else this.#timer = undefined
  }
}
