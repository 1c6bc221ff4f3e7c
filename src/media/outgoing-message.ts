import { MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { mulawDbfs } from '../audio/levels.ts'
import { SampleBlock } from '../audio/sample-block.ts'

/** A frame behind its prefill: a live source needs no more, unless the carrier ran dry. */
const FIRST_BYTES = 40 * MULAW_BYTES_PER_MS

/** The audio of one message as it is put together, and then, until the next, of the one that was sent last. */
export class OutgoingMessage {
  readonly #most: number
  #block = new SampleBlock(new Uint8Array(FIRST_BYTES))
  #sent = this.#block.samples

  /** @param most bytes that a message may have. */
  constructor(most: number) {
    this.#most = most
  }

  /** The message's memory, with room for its first `count` bytes; what was written there stays. */
  reserve(count: number): Uint8Array {
    if (count > this.#most) throw new RangeError(`expected a message of at most ${this.#most} bytes, got ${count}`)
    if (count > this.#block.samples.length) {
      const longer = new Uint8Array(count)
      longer.set(this.#block.samples)
      this.#block = new SampleBlock(longer)
    }
    return this.#block.samples
  }

  /** The first `count` bytes, to be sent. */
  first(count: number): Uint8Array {
    this.#sent = this.#block.first(count)
    return this.#sent
  }

  /** Level of the last `count` bytes that were sent, in dBFS. */
  levelDbfs(count: number): number {
    return mulawDbfs(this.#sent.subarray(-count))
  }
}
