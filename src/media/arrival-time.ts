/** An arrival this much before its time shows that whatever came first was late. */
const EARLY_MS = 10
/** When nothing has come sooner than so much after its time for a while, the way has become longer, or a clock is slow. */
const LATE_MS = 20
const WHILE_MS = 5_000

/**
 * Where on our clock what comes in was said: right behind what came before it, whenever it may get here; and all of it
 * as early as what was the least time on its way.
 */
export class ArrivalTime {
  /** When the next audio begins; undefined before the first. */
  #nextAt: number | undefined
  #leastLateMs = Infinity
  #watchedSince = 0

  /** A fresh stream has a way of its own. */
  reset(): void {
    this.#nextAt = undefined
  }

  /** Audio of `durationMs` has come at `now`; returns when it began to be said. */
  place(durationMs: number, now: number): number {
    // It cannot have been said after it came.
    const latest = now - durationMs
    let at = this.#nextAt ?? latest
    const lateMs = latest - at
    this.#leastLateMs = Math.min(this.#leastLateMs, lateMs)
    if (lateMs < -EARLY_MS) at = latest
    if (now - this.#watchedSince >= WHILE_MS) {
      if (this.#leastLateMs > LATE_MS) at += this.#leastLateMs
      this.#leastLateMs = Infinity
      this.#watchedSince = now
    }
    this.#nextAt = at + durationMs
    return at
  }
}
