import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import type { Clock, Timer } from '../../src/clock.ts'

interface Due {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

/** A clock that is moved by hand, and can be late as a real one is when the event loop was blocked. */
export class HandClock implements Clock {
  #now = 1_000
  #order = 0
  readonly #timers = new Set<Due>()

  now(): number {
    return this.#now
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback }
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(timer: Timer): void {
    this.#timers.delete(timer as Due)
  }

  /** Timers set and not fired. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves time by `ms` and fires each timer at its moment; promises have no turn. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let due = this.#next(end); due !== undefined; due = this.#next(end)) this.#fire(due, due.at)
    this.#now = end
  }

  /** The same, with a turn for promises before and after every timer. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms
    await eventLoopTurn()
    for (let due = this.#next(end); due !== undefined; due = this.#next(end)) {
      this.#fire(due, due.at)
      await eventLoopTurn()
    }
    this.#now = end
  }

  /** Time passes and nothing runs, as in a blocked event loop; then what fell due meanwhile fires, late. */
  block(ms: number): void {
    this.#now += ms
    for (let due = this.#next(this.#now); due !== undefined; due = this.#next(this.#now)) this.#fire(due, this.#now)
  }

  /** Resolves at `at`. */
  reached(at: number): Promise<void> {
    return new Promise((resolve) => this.setTimeout(resolve, at - this.#now))
  }

  #fire(due: Due, now: number): void {
    this.#timers.delete(due)
    this.#now = Math.max(this.#now, now)
    due.callback()
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined
    for (const due of this.#timers) {
      const isSooner = next === undefined || due.at < next.at || (due.at === next.at && due.order < next.order)
      if (due.at <= end && isSooner) next = due
    }
    return next
  }
}
