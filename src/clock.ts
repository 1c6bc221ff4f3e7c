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
