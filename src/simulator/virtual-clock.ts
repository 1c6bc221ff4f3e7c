/**
 * A clock that stands still until told to move. It owns a queue of timers and nothing else; what the rest of the
 * world (sockets, promises) has to finish before time may go on is told to it by settle hooks.
 *
 * Invariants:
 * I1 timers fire in the order of their deadlines, those of one deadline in the order they were set;
 * I2 while a timer's callback runs, `now()` is that timer's deadline;
 * I3 the settle hooks are awaited before time first moves and after every instant at which a timer fired;
 * I4 two callers never move the clock at the same time: `advance` calls queue up, waiting `until`s share one step.
 */

import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import type { Clock, Timer } from '../clock.ts'

export interface UntilOptions {
  /** Default 30,000 ms of the clock's own time. */
  readonly timeoutMs?: number
  /** The longest step between two looks at the predicate; default 10 ms. */
  readonly stepMs?: number
  /** What is being waited for, for the message of the error. */
  readonly what?: string
}

interface PendingTimer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

type Settle = () => Promise<void> | void

/** A timer that sets itself again without delay would hold the clock for ever. */
const MAX_ROUNDS_PER_INSTANT = 10_000

export class VirtualClock implements Clock {
  #now: number
  #order = 0
  /** Sorted: the next one to fire is first. */
  readonly #timers: PendingTimer[] = []
  readonly #hooks = new Set<Settle>()
  #queue: Promise<void> = Promise.resolve()
  #step: Promise<void> | undefined

  constructor(startMs = 0) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    const at = this.#now + (delayMs > 0 ? delayMs : 0)
    const timer: PendingTimer = { at, order: this.#order++, callback }
    const later = this.#timers.findLastIndex((other) => other.at <= at)
    this.#timers.splice(later + 1, 0, timer)
    return timer
  }

  clearTimeout(timer: Timer): void {
    const index = this.#timers.findIndex((pending) => pending === timer)
    if (index >= 0) this.#timers.splice(index, 1)
  }

  /** How many timers are set: zero when nothing was leaked. */
  get pending(): number {
    return this.#timers.length
  }

  /** Registers what must be awaited before time may move on; returns the function that takes the hook away again. */
  onSettle(hook: Settle): () => void {
    this.#hooks.add(hook)
    return () => this.#hooks.delete(hook)
  }

  /**
   * Moves the time forward by `ms`, firing what falls due. Never call it from a timer or a settle hook and wait for
   * it there. Rejects with whatever a timer's callback throws.
   */
  advance(ms: number): Promise<void> {
    return this.#enqueue(() => this.#runTo(this.#now + ms))
  }

  /**
   * Moves the time forward by `ms` in which nothing fires, as in an event loop that is blocked; then what fell due
   * meanwhile fires, late, and sees the time it is (not I2). Rejects with whatever a timer's callback throws.
   */
  block(ms: number): Promise<void> {
    return this.#enqueue(() => {
      this.#now += ms
      return this.#runTo(this.#now)
    })
  }

  /** Moves the time forward until `predicate` holds. Rejects when it does not within `timeoutMs` of virtual time. */
  async until(predicate: () => boolean, options: UntilOptions = {}): Promise<void> {
    const { timeoutMs = 30_000, stepMs = 10, what = 'a condition' } = options
    const deadline = this.#now + timeoutMs
    while (!predicate()) {
      if (this.#now >= deadline) throw new Error(`waited ${timeoutMs} ms of virtual time for ${what}`)
      this.#step ??= this.#enqueue(() => this.#runTo(this.#endOfStep(stepMs))).finally(() => (this.#step = undefined))
      await this.#step
    }
  }

  #endOfStep(stepMs: number): number {
    const next = this.#timers[0]?.at ?? Number.POSITIVE_INFINITY
    return Math.max(this.#now, Math.min(next, this.#now + stepMs))
  }

  #enqueue(run: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(run)
    this.#queue = result.catch(() => undefined)
    return result
  }

  async #runTo(target: number): Promise<void> {
    await this.#settle()
    for (let next = this.#timers[0], rounds = 0; next !== undefined && next.at <= target; next = this.#timers[0]) {
      rounds = next.at > this.#now ? 0 : rounds + 1
      if (rounds > MAX_ROUNDS_PER_INSTANT) throw new Error(`timers without delay keep the clock at ${this.#now} ms`)
      this.#now = Math.max(this.#now, next.at)
      this.#fireDue()
      await this.#settle()
    }
    this.#now = Math.max(this.#now, target)
  }

  /** Fires what is due now; a timer set meanwhile has its turn only after everything has settled. */
  #fireDue(): void {
    const newcomers = this.#order
    for (let timer = this.#timers[0]; timer !== undefined; timer = this.#timers[0]) {
      if (timer.at > this.#now || timer.order >= newcomers) return
      this.#timers.shift()
      timer.callback()
    }
  }

  async #settle(): Promise<void> {
    if (this.#hooks.size === 0) await eventLoopTurn()
    for (const hook of this.#hooks) await hook()
  }
}
