import type { Clock, Timer } from '../clock.ts'
import { Histogram } from './histogram.ts'

export const TICK_MS = 20

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
 * Invariants
 * - T1 Deadlines lie a whole number of ticks after the first one, however late any of them fires.
 * - T2 However many deadlines were missed, a subscriber is ticked once; one that came meanwhile, from the next tick on.
 * - T3 What one subscriber throws, and whoever it adds or removes, leaves the others' ticks alone.
 * - T4 There is one timer, and only while somebody subscribes.
 */
export class Ticker {
  /** How late ticks fire, in milliseconds. */
  readonly lateness = new Histogram()
  readonly #clock: Clock
  readonly #subscribers = new Set<Ticking>()
  #pending: { readonly timer: Timer } | undefined
  #deadline = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(subscriber: Ticking): void {
    this.#subscribers.add(subscriber)
    if (this.#pending !== undefined) return
    this.#deadline = this.#clock.now() + TICK_MS
    this.#arm()
  }

  remove(subscriber: Ticking): void {
    this.#subscribers.delete(subscriber)
    if (this.#subscribers.size > 0 || this.#pending === undefined) return
    this.#clock.clearTimeout(this.#pending.timer)
    this.#pending = undefined
  }

  get subscribers(): number {
    return this.#subscribers.size
  }

  #arm(): void {
    const wait = Math.max(0, this.#deadline - this.#clock.now())
    this.#pending = { timer: this.#clock.setTimeout(() => this.#fire(), wait) }
  }

  #fire(): void {
    const now = this.#clock.now()
    const lateMs = Math.max(0, now - this.#deadline)
    this.lateness.record(lateMs)
    // Ticks that a blocked event loop swallowed are gone: the next deadline is the first that still lies ahead.
    const missed = Math.floor(lateMs / TICK_MS)
    this.#deadline += (missed + 1) * TICK_MS
    // Armed before anybody is ticked, so that nothing a subscriber does can stop the clock or start a second one.
    this.#arm()
    const round = Array.from(this.#subscribers)
    for (const subscriber of round) {
      if (this.#subscribers.has(subscriber)) tickOne(subscriber, now, lateMs)
    }
  }
}

function tickOne(subscriber: Ticking, now: number, lateMs: number): void {
  try {
    subscriber.tick(now, lateMs)
  } catch (error) {
    subscriber.fault(error)
  }
}
