/** Waiting on whichever clock is in force: a virtual one is moved forward by the wait, a real one simply passes. */

import type { Clock } from '../clock.ts'
import { type UntilOptions, VirtualClock } from './virtual-clock.ts'

/** How often a predicate is looked at in real time, in milliseconds. */
const REAL_STEP_MS = 5

/** Resolves once `predicate` holds; rejects when it does not within `timeoutMs` (default 30,000) of the clock's time. */
export async function until(clock: Clock, predicate: () => boolean, options: UntilOptions = {}): Promise<void> {
  if (clock instanceof VirtualClock) return clock.until(predicate, options)
  const { timeoutMs = 30_000, stepMs = REAL_STEP_MS, what = 'a condition' } = options
  const deadline = clock.now() + timeoutMs
  while (!predicate()) {
    if (clock.now() >= deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await sleep(clock, stepMs)
  }
}

/** Resolves after `ms` of the clock's time, or at once when the signal aborts. Never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const wake = (): void => {
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = clock.setTimeout(wake, ms)
    signal?.addEventListener('abort', wake, { once: true })
  })
}
