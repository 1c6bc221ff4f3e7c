/** The carrier's own view of the clock: it knows every timer the carrier has set, so that closing leaves none behind. */

import type { Clock, Timer } from '../clock.ts'

export class TimerLedger implements Clock {
  readonly #clock: Clock
  readonly #timers = new Set<Timer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer)
      callback()
    }, delayMs)
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(timer: Timer): void {
    if (this.#timers.delete(timer)) this.#clock.clearTimeout(timer)
  }

  clearAll(): void {
    for (const timer of this.#timers) this.#clock.clearTimeout(timer)
    this.#timers.clear()
  }
}
