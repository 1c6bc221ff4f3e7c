/** 80 ms of mu-law: a live source never has more waiting here, unless it is held up. */
const FIRST_CAPACITY = 640

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

  /** Appends the first `count` of `bytes`; the caller has checked `room`. */
  write(bytes: Uint8Array, count = bytes.length): void {
    if (count > this.room) throw new RangeError(`expected at most ${this.room} bytes, got ${count}`)
    if (count === 0) return
    if (this.#length + count > this.#bytes.length) this.#grow(this.#length + count)
    const tail = (this.#head + this.#length) % this.#bytes.length
    const first = Math.min(count, this.#bytes.length - tail)
    for (let i = 0; i < first; i++) this.#bytes[tail + i] = bytes[i] ?? 0
    for (let i = first; i < count; i++) this.#bytes[i - first] = bytes[i] ?? 0
    this.#length += count
  }

  /** Moves up to `most` of the oldest bytes into `out` from `at` on; returns how many. */
  read(out: Uint8Array, at = 0, most = out.length - at): number {
    const count = Math.min(most, this.#length)
    this.#copy(0, out, at, count)
    this.#discard(count)
    return count
  }

  /** Takes `count` bytes out, `offset` from the oldest: rare, so it simply rebuilds. */
  remove(offset: number, count: number): void {
    if (count === 0) return
    const kept = new Uint8Array(this.#length - count)
    this.#copy(0, kept, 0, offset)
    this.#copy(offset + count, kept, offset, kept.length - offset)
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

  /** A frame at a time: copying byte by byte costs less than a view of the bytes to copy. */
  #copy(offset: number, out: Uint8Array, at: number, count: number): void {
    if (count === 0) return
    const start = (this.#head + offset) % this.#bytes.length
    const first = Math.min(count, this.#bytes.length - start)
    for (let i = 0; i < first; i++) out[at + i] = this.#bytes[start + i] ?? 0
    for (let i = first; i < count; i++) out[at + i] = this.#bytes[i - first] ?? 0
  }

  #grow(needed: number): void {
    let capacity = Math.max(FIRST_CAPACITY, this.#bytes.length * 2)
    while (capacity < needed) capacity *= 2
    const grown = new Uint8Array(Math.min(capacity, Math.max(this.limit, needed)))
    this.#copy(0, grown, 0, this.#length)
    this.#bytes = grown
    this.#head = 0
  }
}
