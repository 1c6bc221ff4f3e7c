import { SimulatedClock } from 'xstate'

/** A simulated clock that knows which timers are set, and stops at each on its way, so that chains of timers add up. */
export class CountingClock extends SimulatedClock {
  readonly #dueAt = new Map<number, number>()

  override setTimeout(callback: (...args: unknown[]) => void, delayMs: number): number {
    const id = super.setTimeout(() => {
      this.#dueAt.delete(id)
      callback()
    }, delayMs)
    this.#dueAt.set(id, this.now() + delayMs)
    return id
  }

  override clearTimeout(id: number): void {
    this.#dueAt.delete(id)
    super.clearTimeout(id)
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#dueAt.size
  }

  advance(ms: number): void {
    const end = this.now() + ms
    for (let next = this.#nextDue(); next <= end; next = this.#nextDue()) this.set(next)
    this.set(end)
  }

  #nextDue(): number {
    return Math.min(...this.#dueAt.values(), Infinity)
  }
}
