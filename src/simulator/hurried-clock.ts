/** A clock that runs faster than the world's, for a carrier whose server cannot be given another time. */

import { type Clock, systemClock, type Timer } from '../clock.ts'

export class HurriedClock implements Clock {
  readonly #pace: number
  readonly #clock: Clock

  constructor(pace: number, clock: Clock = systemClock) {
    this.#pace = pace
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now() * this.#pace
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    return this.#clock.setTimeout(callback, delayMs / this.#pace)
  }

  clearTimeout(timer: Timer): void {
    this.#clock.clearTimeout(timer)
  }
}
