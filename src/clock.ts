/** One clock drives the machines, the ticker and the simulator, so that a test can hold all of them in its hand. */

export type Timer = unknown

export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin; never steps when the wall clock does. */
  now(): number
  setTimeout(callback: () => void, delayMs: number): Timer
  clearTimeout(timer: Timer): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

/**
 * Epoch milliseconds that begin at `epochMs`, which is now, and go on with the clock: whatever is done to the wall clock
 * meanwhile, what is dated by them is in order, and lasts as long as it lasted.
 */
export function datedFrom(clock: Clock, epochMs: number): () => number {
  const begun = clock.now()
  return () => epochMs + Math.round(clock.now() - begun)
}
