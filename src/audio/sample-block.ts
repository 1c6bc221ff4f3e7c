/**
 * Memory in which filters leave what they made. Frames are all alike, so the view of the beginning that was asked for last
 * is kept for the next: nothing is allocated for a frame.
 */
export class SampleBlock {
  readonly samples: Int16Array
  #first: Int16Array

  constructor(samples: Int16Array) {
    this.samples = samples
    this.#first = samples
  }

  /** The first `count` samples, to be used before anything is filtered again. */
  first(count: number): Int16Array {
    if (this.#first.length !== count) this.#first = this.samples.subarray(0, count)
    return this.#first
  }
}
