/** Soon at first, since much passes by itself; never longer than somebody who waits for the end would wait. */
const RETRY_MS = [250, 500, 1_000, 2_000, 3_000]

export interface ChoreOptions {
  /** Does a part of the work, and says whether there is more at once. May throw. */
  readonly step: () => boolean
  /** When to look again once there is nothing more; never, unless given. */
  readonly everyMs?: number
  /** The first of a row of failures, and the success that ends it. */
  readonly onTrouble: (error: unknown) => void
  readonly onHealed: () => void
}

/** Work in small steps on this thread's event loop; what fails is tried again until it succeeds. */
export class Chore {
  readonly #options: ChoreOptions
  #timer: NodeJS.Timeout | undefined
  #failures = 0

  constructor(options: ChoreOptions) {
    this.#options = options
  }

  /** Takes a step now, even while it waits to try again. */
  run(): void {
    this.stop()
    try {
      const isMore = this.#options.step()
      if (this.#failures > 0) this.#options.onHealed()
      this.#failures = 0
      const { everyMs } = this.#options
      // Messages come in between.
      if (isMore) this.#runAfter(0)
      else if (everyMs !== undefined) this.#runAfter(everyMs)
    } catch (error) {
      this.#failures += 1
      if (this.#failures === 1) this.#options.onTrouble(error)
      this.#runAfter(RETRY_MS[this.#failures - 1] ?? RETRY_MS.at(-1) ?? 0)
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #runAfter(ms: number): void {
    this.#timer = setTimeout(() => this.run(), ms)
  }
}
