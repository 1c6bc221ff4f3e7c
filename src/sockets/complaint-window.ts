import type { Clock } from '../clock.ts'

const WINDOW_MS = 10_000
const LIMIT = 20

/** A peer may stumble; one that sends twenty malformed messages in ten seconds is not one of ours. */
export class ComplaintWindow {
  readonly #clock: Clock
  #at: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts one; true when it is one too many. */
  note(): boolean {
    const now = this.#clock.now()
    this.#at = [...this.#at.filter((then) => now - then < WINDOW_MS), now]
    return this.#at.length >= LIMIT
  }
}
