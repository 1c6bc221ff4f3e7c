import type { Clock, Timer } from '../clock.ts'
import { Chance } from './chance.ts'
import type { Weather } from './weather.ts'

/** How often the process is held up on purpose, and for how long. */
const BETWEEN = { low: 2_000, high: 15_000 } as const
const LENGTHS_MS = [20, 40, 80, 150, 300] as const
const LOOK_EVERY_MS = 20
/** Less than what the server sends ahead of time: nobody hears it. */
const NOTICED_MS = 40
/** What is said live, and played back at once, goes no further ahead than its prefill of 20 ms. */
const NOTICED_LIVE_MS = 10
/** What was late is caught up with in so long. */
const AFTERMATH_MS = 1_000

/** When the process was late: so much that it is heard on any call, or only on one that goes hardly ahead of time. */
export interface Lateness {
  readonly stalls: Weather
  readonly hiccups: Weather
}

/**
 * Holds the process up now and then, as a program does that computes too long, and notes when it was held up, by this or
 * by anything else: what is heard then says nothing of one call or another. For real time only.
 */
export class Stalls {
  readonly #clock: Clock
  readonly #chance: Chance
  readonly #noted: Lateness
  #look: Timer
  #next: Timer
  count = 0

  constructor(clock: Clock, seed: number, noted: Lateness) {
    this.#clock = clock
    this.#chance = new Chance(seed, 'stalls')
    this.#noted = noted
  }

  start(): void {
    this.#arm()
    this.#watch(this.#clock.now())
  }

  stop(): void {
    this.#clock.clearTimeout(this.#look)
    this.#clock.clearTimeout(this.#next)
  }

  #arm(): void {
    this.#next = this.#clock.setTimeout(
      () => {
        this.count += 1
        holdUp(this.#chance.pick(LENGTHS_MS))
        this.#arm()
      },
      this.#chance.between(BETWEEN.low, BETWEEN.high),
    )
  }

  #watch(since: number): void {
    this.#look = this.#clock.setTimeout(() => {
      const now = this.#clock.now()
      const lateMs = now - since - LOOK_EVERY_MS
      if (lateMs > NOTICED_MS) this.#noted.stalls.note(since, now + AFTERMATH_MS)
      if (lateMs > NOTICED_LIVE_MS) this.#noted.hiccups.note(since, now + AFTERMATH_MS)
      this.#watch(now)
    }, LOOK_EVERY_MS)
  }
}

function holdUp(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}
