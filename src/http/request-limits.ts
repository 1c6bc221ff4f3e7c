import type { Context } from 'koa'
import type { Clock } from '../clock.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Credential } from '../viewer-session.ts'
import { HttpProblem } from './problem.ts'

/** So many seconds' worth of requests may come at once: whoever begins has much to ask for. */
const BURST_SECONDS = 2

export interface RequestLimitsOptions {
  readonly clock: Clock
  /** In the long run; twice as many may come at once. 0: as many as will. */
  readonly perSecond: number
  readonly telemetry?: Pick<Telemetry, 'requestLimited'> | undefined
}

/**
 * How often the API may be asked, by those who may ask: its work is done beside that of the calls, on one event loop.
 *
 * There is one API token, and one bucket for it. All cookies of the inspector together have another one, so that a
 * program which asks for too much keeps nobody from hanging up in the page. What is not valid has none, and nothing is
 * kept of it.
 */
export class RequestLimits {
  readonly #buckets: Readonly<Record<Credential, Bucket>> | undefined
  readonly #telemetry: RequestLimitsOptions['telemetry']

  constructor({ clock, perSecond, telemetry }: RequestLimitsOptions) {
    this.#telemetry = telemetry
    if (perSecond === 0) return
    this.#buckets = { token: new Bucket(clock, perSecond), cookie: new Bucket(clock, perSecond) }
  }

  /** Counts one request. Throws HttpProblem 429 `API_RATE_LIMITED`, and counts nothing, when it is one too many. */
  admit(context: Context, credential: Credential): void {
    const bucket = this.#buckets?.[credential]
    if (bucket === undefined || bucket.take()) return
    this.#telemetry?.requestLimited()
    context.set('Retry-After', String(Math.max(1, Math.ceil(bucket.waitMs / 1_000))))
    const { perSecond } = bucket
    const most = `${perSecond} requests a second, and ${perSecond * BURST_SECONDS} at once`
    throw new HttpProblem(429, 'API_RATE_LIMITED', `expected at most ${most}, got one more`)
  }
}

/** What is left of a burst, and fills again by `perSecond`. */
class Bucket {
  readonly perSecond: number
  readonly #clock: Clock
  #left: number
  #filledAt: number

  constructor(clock: Clock, perSecond: number) {
    this.perSecond = perSecond
    this.#clock = clock
    this.#left = perSecond * BURST_SECONDS
    this.#filledAt = clock.now()
  }

  take(): boolean {
    const now = this.#clock.now()
    const filled = this.#left + ((now - this.#filledAt) * this.perSecond) / 1_000
    this.#left = Math.min(this.perSecond * BURST_SECONDS, filled)
    this.#filledAt = now
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }

  /** Until there is one again, after {@link take} found none. */
  get waitMs(): number {
    return ((1 - this.#left) * 1_000) / this.perSecond
  }
}
