import type { Clock, Timer } from '../clock.ts'
import { messageOf } from '../errors.ts'

/** What is still to be done in one call, on the clock in force. Nothing of it is done once the call is over. */
export class Agenda {
  readonly #clock: Clock
  readonly #complain: (what: string) => void
  readonly #timers = new Set<Timer>()
  readonly #startedAt: number
  #isOver = false

  /** Its times count from now on. */
  constructor(clock: Clock, over: AbortSignal, complain: (what: string) => void) {
    this.#clock = clock
    this.#complain = complain
    this.#startedAt = clock.now()
    this.#isOver = over.aborted
    over.addEventListener('abort', () => this.#end(), { once: true })
  }

  at(ms: number, act: () => void | Promise<unknown>): void {
    if (this.#isOver) return
    const delayMs = Math.max(0, this.#startedAt + ms - this.#clock.now())
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer)
      void this.#do(act)
    }, delayMs)
    this.#timers.add(timer)
  }

  async #do(act: () => void | Promise<unknown>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#complain(`something planned could not be done: ${messageOf(error)}`)
    }
  }

  #end(): void {
    this.#isOver = true
    for (const timer of this.#timers) this.#clock.clearTimeout(timer)
    this.#timers.clear()
  }
}
