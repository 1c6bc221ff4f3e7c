import type { Clock } from './clock.ts'
import { AdmissionError } from './errors.ts'

const HOUR_MS = 3_600_000

export interface DialLimits {
  /** For the whole node. */
  readonly perHour: number
  /** For one destination. */
  readonly perNumberPerHour: number
}

/** Counts what was dialled in the last sixty minutes: a stolen token must not be able to run up a bill all night. */
export class DialLimiter {
  readonly #clock: Clock
  readonly #limits: DialLimits
  readonly #dials: { readonly to: string; readonly at: number }[] = []

  constructor(clock: Clock, limits: DialLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Counts one dial. Throws {@link AdmissionError} `DIAL_LIMIT`, and counts nothing, when it would be one too many. */
  admit(to: string): void {
    const now = this.#clock.now()
    while (this.#dials[0] !== undefined && now - this.#dials[0].at >= HOUR_MS) this.#dials.shift()
    const { perHour, perNumberPerHour } = this.#limits
    if (this.#dials.length >= perHour) throw exceeded(`${perHour} calls an hour from this node`)
    const toThisNumber = this.#dials.filter((dial) => dial.to === to).length
    if (toThisNumber >= perNumberPerHour) throw exceeded(`${perNumberPerHour} calls an hour to one number`)
    this.#dials.push({ to, at: now })
  }
}

function exceeded(limit: string): AdmissionError {
  return new AdmissionError('DIAL_LIMIT', `expected at most ${limit}, got one more`)
}
