/** PCM, or mu-law: one byte a sample. */
type Samples = Int16Array | Uint8Array

/**
 * Memory that is written again and again, and of which the beginning is handed on. Frames are all alike, so the view of
 * the beginning that was asked for last is kept for the next: nothing is allocated for a frame.
 */
export class SampleBlock<Kind extends Samples = Int16Array> {
  readonly samples: Kind
  #first: Kind

  constructor(samples: Kind) {
    this.samples = samples
    this.#first = samples
  }

  /** The first `count` samples, to be used before anything else is written. */
  first(count: number): Kind {
    if (this.#first.length !== count) this.#first = this.samples.subarray(0, count) as Kind
    return this.#first
  }
}
