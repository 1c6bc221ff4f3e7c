/**
 * How evenly a server sends. Intervals count within one spurt only: a clear, or a second without anything left to hear,
 * ends a spurt, since a server that is silent on purpose is not late.
 */

/** An interval this much longer than the audio it had to cover counts as a gap, in milliseconds. */
const TOLERANCE_MS = 20
const SPURT_ENDS_AFTER_MS = 1_000

export class PacingMeter {
  /** Intervals that were more than 20 ms longer than the audio sent before them. */
  gaps = 0
  /** The longest interval between two media messages of one spurt. */
  worstGapMs = 0
  #last: { readonly at: number; readonly coversMs: number } | undefined

  /** A media message came; `bufferedMs` is what waits to be heard, with it. */
  media(at: number, durationMs: number, bufferedMs: number): void {
    if (this.#last) this.#measure(at - this.#last.at, this.#last.coversMs)
    this.#last = { at, coversMs: Math.max(durationMs, bufferedMs) }
  }

  clear(): void {
    this.#last = undefined
  }

  #measure(intervalMs: number, coveredMs: number): void {
    if (intervalMs - coveredMs >= SPURT_ENDS_AFTER_MS) return
    this.worstGapMs = Math.max(this.worstGapMs, intervalMs)
    if (intervalMs > coveredMs + TOLERANCE_MS) this.gaps += 1
  }
}
