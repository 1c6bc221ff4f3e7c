import { BLOCK_SAMPLES } from './polyphase.ts'
import { requireRoom } from './room.ts'

const ZEROS = new Int16Array(128)

/**
 * A change of sample rate that goes on from chunk to chunk: what one chunk leaves in the filter, the next one meets.
 * Who extends it filters one block at a time; here is what all of them have in common.
 */
export abstract class StreamResampler {
  readonly #tailSamples: number

  /** @param tailSamples the zeros, at most 128, that push the last sample's whole echo out. */
  constructor(tailSamples: number) {
    this.#tailSamples = tailSamples
  }

  /** How many samples the next so many would make. */
  abstract countFor(samples: number): number

  /** As new: nothing of what came before is heard any more. */
  abstract reset(): void

  /** Filters `input[from, to)`, at most a block. What is returned is overwritten by the next block of any call. */
  abstract block(input: Int16Array, from: number, to: number): Int16Array

  /**
   * Returns the samples written, as many as {@link countFor} says.
   *
   * @throws {UsageError} `AUDIO_SOURCE_INVALID` when `output` is too short.
   */
  process(input: Int16Array, output: Int16Array): number {
    return this.processRange(input, 0, input.length, output, 0)
  }

  /** The same for `input[from, to)`, written from `output[at]` on. */
  processRange(input: Int16Array, from: number, to: number, output: Int16Array, at: number): number {
    requireRoom(at + this.countFor(to - from), output)
    let end = at
    for (let start = from; start < to; start += BLOCK_SAMPLES) {
      const made = this.block(input, start, Math.min(start + BLOCK_SAMPLES, to))
      output.set(made, end)
      end += made.length
    }
    return end - at
  }

  /** Feeds zeros until the last sample's whole echo (about 4 ms) is out, and is then as new. */
  flush(output: Int16Array): number {
    const written = this.processRange(ZEROS, 0, this.#tailSamples, output, 0)
    this.reset()
    return written
  }
}
