/** What a server said on a call's media streams: how much, and in which order. */
export class OutboundTally {
  #bytes = 0
  marks = 0
  clears = 0
  /** Media and clears, in turn: many messages of audio are one `media`. */
  readonly order: ('media' | 'clear')[] = []

  /** @param bytes of mu-law, eight to the millisecond. */
  media(bytes: number): void {
    this.#bytes += bytes
    if (this.order.at(-1) !== 'media') this.order.push('media')
  }

  mark(): void {
    this.marks += 1
  }

  clear(): void {
    this.clears += 1
    if (this.order.at(-1) !== 'clear') this.order.push('clear')
  }

  /** What was said on another stream, after this. */
  add(later: OutboundTally): void {
    this.#bytes += later.#bytes
    this.marks += later.marks
    this.clears += later.clears
    for (const kind of later.order) if (this.order.at(-1) !== kind) this.order.push(kind)
  }

  get mediaMs(): number {
    return this.#bytes / 8
  }
}
