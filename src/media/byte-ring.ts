const FIRST_CAPACITY = 4096

/** A FIFO of bytes up to `limit`, whose memory grows by doubling as it is used: most calls never need the whole. */
export class ByteRing {
  readonly limit: number
  #bytes = new Uint8Array(0)
  #head = 0
  #length = 0

  constructor(limit: number) {
    this.limit = limit
  }

  get length(): number {
    return this.#length
  }

  get room(): number {
    return this.limit - this.#length
  }

  /** Appends all of `bytes`; the caller has checked `room`. */
  write(bytes: Uint8Array): void {
    if (bytes.length > this.room) throw new RangeError(`expected at most ${this.room} bytes, got ${bytes.length}`)
    if (bytes.length === 0) return
    if (this.#length + bytes.length > this.#bytes.length) this.#grow(this.#length + bytes.length)
    const tail = (this.#head + this.#length) % this.#bytes.length
    const first = Math.min(bytes.length, this.#bytes.length - tail)
    this.#bytes.set(bytes.subarray(0, first), tail)
    this.#bytes.set(bytes.subarray(first), 0)
    this.#length += bytes.length
  }

  /** Moves up to `out.length` of the oldest bytes into `out`; returns how many. */
  read(out: Uint8Array): number {
    const count = Math.min(out.length, this.#length)
    this.#copy(0, out.subarray(0, count))
    this.#discard(count)
    return count
  }

  /** Takes `count` bytes out, `offset` from the oldest: rare, so it simply rebuilds. */
  remove(offset: number, count: number): void {
    if (count === 0) return
    const kept = new Uint8Array(this.#length - count)
    this.#copy(0, kept.subarray(0, offset))
    this.#copy(offset + count, kept.subarray(offset))
    this.clear()
    this.write(kept)
  }

  clear(): void {
    this.#head = 0
    this.#length = 0
  }

  #discard(count: number): void {
    this.#length -= count
    this.#head = this.#length === 0 ? 0 : (this.#head + count) % this.#bytes.length
  }

  #copy(offset: number, out: Uint8Array): void {
    if (out.length === 0) return
    const start = (this.#head + offset) % this.#bytes.length
    const first = Math.min(out.length, this.#bytes.length - start)
    out.set(this.#bytes.subarray(start, start + first), 0)
    out.set(this.#bytes.subarray(0, out.length - first), first)
  }

  #grow(needed: number): void {
    let capacity = Math.max(FIRST_CAPACITY, this.#bytes.length * 2)
    while (capacity < needed) capacity *= 2
    const grown = new Uint8Array(Math.min(capacity, Math.max(this.limit, needed)))
    this.#copy(0, grown.subarray(0, this.#length))
    this.#bytes = grown
    this.#head = 0
  }
}
