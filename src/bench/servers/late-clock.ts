import { type Clock, systemClock } from '../../clock.ts'
import { TICK_MS } from '../../media/ticker.ts'
import type { Samples } from './samples.ts'

/** A timer may fire a moment early, and the ticker then waits for a moment more than a tick. */
const LONGEST_WAIT_MS = 2 * TICK_MS

/** The system's clock, noting how late the pacing ticker's timers fire: nothing else waits for so little. */
export function createLateClock(lateness: Samples): Clock {
  return {
    ...systemClock,
    setTimeout: (callback, delayMs) => {
      if (delayMs >= LONGEST_WAIT_MS) return systemClock.setTimeout(callback, delayMs)
      const due = systemClock.now() + delayMs
      return systemClock.setTimeout(() => {
        lateness.record(Math.max(0, systemClock.now() - due))
        callback()
      }, delayMs)
    },
  }
}
