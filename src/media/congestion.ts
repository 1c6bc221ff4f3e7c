/** About five seconds of audio as the wire carries it: past this the network is not keeping up. */
const CONGESTED_BYTES = 64 * 1024
const STALLED_AFTER_MS = 1_000

/** Whether the network takes what is sent, and for how long it has not. */
export class Congestion {
  readonly #onStall: (now: number) => void
  /** When it began to hold audio up; once that was reported it is not counted any further. */
  #since: number | 'reported' | undefined

  /** @param onStall called once when audio has been held up for a second, and again only after a relief. */
  constructor(onStall: (now: number) => void) {
    this.#onStall = onStall
  }

  /** Audio waits to be sent. True while the socket should not be given more. */
  holdsUp(bufferedBytes: number, now: number): boolean {
    if (bufferedBytes <= CONGESTED_BYTES) {
      this.#since = undefined
      return false
    }
    this.#since ??= now
    if (this.#since !== 'reported' && now - this.#since >= STALLED_AFTER_MS) {
      this.#since = 'reported'
      this.#onStall(now)
    }
    return true
  }

  /** Nothing waits, or there is no stream: nothing is held up. */
  reset(): void {
    this.#since = undefined
  }
}
