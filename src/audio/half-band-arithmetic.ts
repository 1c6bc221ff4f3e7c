/**
 * What the half-band filter computes, in plain JavaScript: the meaning of half-band.wat, and what runs where that cannot.
 *
 * I1  The taps are whole multiples of 1/16384, so every sum is exact: in the doubles of this file as in the 32-bit
 *     integers of the kernel. One rounding ends it, half a step always up. The two ways agree to the sample.
 * I2  Both sides of the branch together are exactly 1: silence, speech and DC come out exactly as loud as they went in.
 */
/* oxlint-disable typescript/no-non-null-assertion -- sample loops: every index is inside the loop's bound */
import { BLOCK_SAMPLES, dealLane, foldedSums, inSteps, kaiserSinc, normalized, scratch, toSample } from './polyphase.ts'
import { SampleBlock } from './sample-block.ts'

/** The 32 taps of the branch, and one sample more than they reach back: whole vectors. */
const BRANCH_HISTORY = 32
/** How far back the centre tap is, in 8 kHz samples. */
const CENTRE_HISTORY = 16

/** Steps to a tap of 1. With more, a loud enough sum would leave the kernel's 32 bits. */
const STEPS = 16384

/** The branch folded, in steps: tap k serves the samples 31 - 2k to either side of the centre. One side sums to 1/2. */
export const BRANCH = inSteps(
  normalized(
    Float64Array.from({ length: 16 }, (_, k) => kaiserSinc(31 - 2 * k, 31, 2)),
    0.5,
  ),
  STEPS,
)

/**
 * What one filter remembers of the samples before: those that met the branch, then those that met the centre tap, of
 * which the upsampler has none.
 */
export const HISTORY_SAMPLES = BRANCH_HISTORY + CENTRE_HISTORY

/**
 * A way to compute the filter, with working memory that all calls share: between two blocks nothing in it counts. The
 * history is one direction's of one call: {@link HISTORY_SAMPLES}, zeros at first.
 */
export interface HalfBand {
  /** Where a block's samples are put before they are filtered; room for {@link BLOCK_SAMPLES}. */
  readonly input: Int16Array

  /** The first `count` samples of the input to twice as many; the next block overwrites what is returned. */
  up(history: Int16Array, count: number): Int16Array

  /** To half as many. `phase` is 1 when the first is an odd one of the stream, which makes no sample of its own. */
  down(history: Int16Array, count: number, phase: 0 | 1): Int16Array
}

export function createPlainHalfBand(): HalfBand {
  return new PlainHalfBand()
}

class PlainHalfBand implements HalfBand {
  readonly input = new Int16Array(BLOCK_SAMPLES)
  readonly #state = new Int16Array(HISTORY_SAMPLES)
  readonly #branch = this.#state.subarray(0, BRANCH_HISTORY)
  readonly #centre = this.#state.subarray(BRANCH_HISTORY)
  readonly #wide = new SampleBlock(new Int16Array(2 * BLOCK_SAMPLES))
  readonly #narrow = new SampleBlock(new Int16Array(BLOCK_SAMPLES / 2))

  up(history: Int16Array, count: number): Int16Array {
    const { left: lane, sums } = scratch
    const output = this.#wide.samples
    this.#state.set(history)
    dealLane(lane, this.#branch, this.input, 0, count, 1)
    history.set(this.#state)
    foldedSums(lane, 1, lane, BRANCH_HISTORY, BRANCH, count)
    for (let m = 0; m < count; m++) {
      output[2 * m] = toSample(sums[m]! / STEPS)
      output[2 * m + 1] = lane[CENTRE_HISTORY + 1 + m]!
    }
    return this.#wide.first(2 * count)
  }

  down(history: Int16Array, count: number, phase: 0 | 1): Int16Array {
    const { left: even, centre: odd, sums } = scratch
    const output = this.#narrow.samples
    this.#state.set(history)
    const made = dealLane(even, this.#branch, this.input, phase, count, 2)
    dealLane(odd, this.#centre, this.input, 1 - phase, count, 2)
    history.set(this.#state)
    foldedSums(even, 1, even, BRANCH_HISTORY, BRANCH, made)
    // With an even sample already behind us, the odd lane is one sample behind and its places are one further on.
    for (let m = 0; m < made; m++) output[m] = toSample((sums[m]! / STEPS + odd[m + phase]!) / 2)
    return this.#narrow.first(made)
  }
}
