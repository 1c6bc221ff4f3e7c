const CROWDED = 0.7
const RELIEVED = 0.5

/** Whether more waits than should; the two thresholds keep it from flickering. */
export class Crowding {
  readonly #onChange: (crowded: boolean) => void
  #crowded = false

  constructor(onChange: (crowded: boolean) => void) {
    this.#onChange = onChange
  }

  /** @param fill how much of the room is taken, 0 to 1. */
  watch(fill: number): void {
    if (this.#crowded ? fill > RELIEVED : fill <= CROWDED) return
    this.#crowded = !this.#crowded
    this.#onChange(this.#crowded)
  }
}
