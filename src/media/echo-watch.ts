import { TICK_MS } from './ticker.ts'

/**
 * How late the carrier's echoes of our marks come. By that two things show which the clock does not tell: that the
 * carrier has more in hand than we reckon, since a line that was held up let everything through at once; and that what
 * we send does not get through, long before the kernels on its way have had enough of it.
 *
 * Invariants
 * - E1 An echo is measured against the promptest of its stream: what a line always takes is no lateness.
 * - E2 One look at the clock proves nothing, since it may be we who were held up.
 * - E3 Of a carrier that has never echoed anything, nothing is believed.
 */

/** More than lines stray by; two people who talk notice less. */
const LAG_MS = 600
const LAGGING_FOR_MS = 1_500
const UNHEARD_AFTER_MS = 5_000
/** A second of ticks, all of which have seen it. */
const UNHEARD_TICKS = 1_000 / TICK_MS
/** A minute of speech has as many. */
const MOST_AWAITED = 64

interface AwaitedEcho {
  readonly name: string
  /** When its audio has been played, by the clock. */
  readonly dueAt: number
}

export class EchoWatch {
  #awaited: AwaitedEcho[] = []
  #promptestMs: number | undefined
  /** Every echo since then has been late, by so much at least. */
  #lagging: { readonly since: number; readonly leastMs: number } | undefined
  #ticksUnheard = 0

  placed(name: string, dueAt: number): void {
    this.#awaited.push({ name, dueAt })
    if (this.#awaited.length > MOST_AWAITED) this.#awaited.shift()
  }

  /**
   * An echo has come. Returns by how many milliseconds more than was reckoned the carrier is behind, each time once that
   * is certain; 0 otherwise.
   */
  echoed(name: string, now: number): number {
    const index = this.#awaited.findIndex((echo) => echo.name === name)
    const echo = this.#awaited[index]
    if (echo === undefined) return 0
    this.#awaited.splice(0, index + 1)
    const lateMs = Math.max(0, now - echo.dueAt)
    this.#promptestMs = Math.min(this.#promptestMs ?? lateMs, lateMs)
    const lagMs = this.#certainLagMs(lateMs - this.#promptestMs, now)
    if (lagMs > 0) this.#awaited = this.#awaited.map((each) => ({ ...each, dueAt: each.dueAt + lagMs }))
    return lagMs
  }

  /** To be asked at each tick while there is something to say: true once when echoes have stopped coming. */
  tellsOfSilence(now: number): boolean {
    this.#ticksUnheard = this.#overdueMs(now) < UNHEARD_AFTER_MS ? 0 : this.#ticksUnheard + 1
    return this.#ticksUnheard === UNHEARD_TICKS
  }

  /** What was sent is nobody's any more, or never to be heard. */
  reset(): void {
    this.#awaited = []
    this.#promptestMs = undefined
    this.#lagging = undefined
    this.#ticksUnheard = 0
  }

  #overdueMs(now: number): number {
    const [oldest] = this.#awaited
    return oldest === undefined || this.#promptestMs === undefined ? 0 : now - oldest.dueAt - this.#promptestMs
  }

  #certainLagMs(lagMs: number, now: number): number {
    if (lagMs < LAG_MS) {
      this.#lagging = undefined
      return 0
    }
    const { since, leastMs } = this.#lagging ?? { since: now, leastMs: lagMs }
    const least = Math.min(leastMs, lagMs)
    const isCertain = now - since >= LAGGING_FOR_MS
    this.#lagging = isCertain ? undefined : { since, leastMs: least }
    return isCertain ? least : 0
  }
}
