import type { Clock, Timer } from './clock.ts'

/**
 * How late the event loop is, which is how late every call's audio will be.
 *
 * Looked at by a timer of the one clock, and not with `monitorEventLoopDelay`: a test can then make it late, and a look
 * costs two microseconds.
 *
 * Invariants
 * - M1 Strained: two looks within a second were late, or one was a block. A single late one may be a garbage collection.
 * - M2 Well again: no look was late for two seconds. Each of the two is told once, and by turns.
 */

const LOOK_MS = 20
const TOGETHER_MS = 1_000
/** So many times the limit in one piece is no garbage collection. */
const BLOCK = 2.5
export const WELL_MS = 2_000

export interface LoopMonitorOptions {
  readonly clock: Clock
  /** A look that comes later than this is late, in milliseconds; 0: nobody looks. */
  readonly maxLatenessMs: number
  readonly onStrained: (latenessMs: number) => void
  readonly onRecovered: () => void
}

export class LoopMonitor {
  readonly #options: LoopMonitorOptions
  #pending: { readonly timer: Timer } | undefined
  #due = 0
  #lastLateAt = Number.NEGATIVE_INFINITY
  #isStrained = false

  constructor(options: LoopMonitorOptions) {
    this.#options = options
  }

  /** Looks from now on, until `stop`. */
  start(): void {
    if (this.#options.maxLatenessMs > 0 && this.#pending === undefined) this.#arm()
  }

  stop(): void {
    if (this.#pending !== undefined) this.#options.clock.clearTimeout(this.#pending.timer)
    this.#pending = undefined
  }

  #arm(): void {
    const { clock } = this.#options
    this.#due = clock.now() + LOOK_MS
    this.#pending = { timer: clock.setTimeout(() => this.#look(), LOOK_MS) }
  }

  #look(): void {
    const now = this.#options.clock.now()
    const latenessMs = now - this.#due
    // Before anybody is told, who may stop this.
    this.#arm()
    if (latenessMs > this.#options.maxLatenessMs) this.#noteLate(latenessMs, now)
    else if (this.#isStrained && now - this.#lastLateAt >= WELL_MS) this.#recover()
  }

  #noteLate(latenessMs: number, now: number): void {
    const isBlock = latenessMs > BLOCK * this.#options.maxLatenessMs
    const isSecond = now - this.#lastLateAt <= TOGETHER_MS
    this.#lastLateAt = now
    if (this.#isStrained || !(isBlock || isSecond)) return
    this.#isStrained = true
    this.#options.onStrained(latenessMs)
  }

  #recover(): void {
    this.#isStrained = false
    this.#options.onRecovered()
  }
}
