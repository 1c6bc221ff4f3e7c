/**
 * Cuts samples of any length into chunks of exactly `size`. The chunk handed out is only valid during the call: its
 * buffer is reused, and a chunk that lies whole in the input is not copied at all.
 */
export class ChunkAssembler {
  readonly #size: number
  readonly #deliver: (chunk: Int16Array) => void
  /** Carriers send frames as long as chunks are, and then nothing is ever left over. */
  #partial: Int16Array | undefined
  #filled = 0

  constructor(size: number, deliver: (chunk: Int16Array) => void) {
    this.#size = size
    this.#deliver = deliver
  }

  push(samples: Int16Array): void {
    if (this.#filled === 0 && samples.length === this.#size) return this.#deliver(samples)
    let from = 0
    while (from < samples.length) {
      const want = this.#size - this.#filled
      if (this.#filled === 0 && samples.length - from >= want) {
        this.#deliver(samples.subarray(from, from + want))
        from += want
        continue
      }
      const part = samples.subarray(from, from + want)
      const partial = (this.#partial ??= new Int16Array(this.#size))
      partial.set(part, this.#filled)
      this.#filled += part.length
      from += part.length
      if (this.#filled < this.#size) return
      this.#filled = 0
      this.#deliver(partial)
    }
  }
}
