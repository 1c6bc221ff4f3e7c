/**
 * 8 <-> 16 kHz on the live path: one linear-phase half-band filter of 63 taps, used in both directions.
 *
 * Measured: 300-3400 Hz flat to 0.01 dB, images and aliases of 4.6 kHz and above 65 dB down, 1.94 ms each way.
 *
 * Half of the taps are zero and the centre is one half, so of two neighbouring samples one goes through the 32 taps of
 * the branch and the other is only delayed. The decimator keeps the phase in which up and down together take a whole
 * number of 8 kHz samples ({@link UP_DOWN_DELAY_8K}): audio that went round can be laid over the original.
 *
 * A filter belongs to one direction of one call. It keeps its history from chunk to chunk, so chunk boundaries leave no
 * trace; `reset` it where the audio itself begins anew. Input and output must not overlap.
 */
/* oxlint-disable typescript/no-non-null-assertion -- sample loops: every index is inside the loop's bound */
import { dealLane, foldedSums, kaiserSinc, normalized, scratch, toSample } from './polyphase.ts'
import { StreamResampler } from './stream-resampler.ts'

/** Delay of either direction, in 16 kHz samples (1.94 ms). */
export const HALF_BAND_DELAY_16K = 31
/** Delay of up and down together, in 8 kHz samples (3.88 ms). */
export const UP_DOWN_DELAY_8K = 31

/** How far the branch reaches back, in its own 8 kHz samples; also the zeros that flush it. */
const BRANCH_HISTORY = 31
/** How far back the centre tap is, in 8 kHz samples. */
const CENTRE_HISTORY = 16

/** The branch folded: tap k serves the samples 31 - 2k to either side of the centre. Both sides together sum to 1. */
const BRANCH = normalized(
  Float64Array.from({ length: 16 }, (_, k) => kaiserSinc(31 - 2 * k, 31, 2)),
  0.5,
)

/** 8 kHz to 16 kHz: two samples out for each one in, always. Keeps 62 bytes. */
export class Upsampler8to16 extends StreamResampler {
  readonly #history = new Int16Array(BRANCH_HISTORY)

  constructor() {
    super(BRANCH_HISTORY)
  }

  override countFor(samples: number): number {
    return 2 * samples
  }

  override reset(): void {
    this.#history.fill(0)
  }

  protected override block(input: Int16Array, from: number, to: number, output: Int16Array, at: number): number {
    const { left: lane, sums } = scratch
    const count = dealLane(lane, this.#history, input, from, to, 1)
    foldedSums(lane, 0, lane, BRANCH_HISTORY, BRANCH, count)
    for (let m = 0; m < count; m++) {
      output[at + 2 * m] = toSample(sums[m]!)
      output[at + 2 * m + 1] = lane[CENTRE_HISTORY + m]!
    }
    return 2 * count
  }
}

/** 16 kHz to 8 kHz: one sample out for each two in, the first of them at once. Keeps 95 bytes. */
export class Downsampler16to8 extends StreamResampler {
  /** Samples 0, 2, 4...: those that meet the branch. */
  readonly #even = new Int16Array(BRANCH_HISTORY)
  /** Samples 1, 3, 5...: those that meet the centre tap. */
  readonly #odd = new Int16Array(CENTRE_HISTORY)
  /** 1 when the next sample is an odd one. */
  #phase = 0

  constructor() {
    super(2 * BRANCH_HISTORY)
  }

  override countFor(samples: number): number {
    return (samples + 1 - this.#phase) >> 1
  }

  override reset(): void {
    this.#even.fill(0)
    this.#odd.fill(0)
    this.#phase = 0
  }

  protected override block(input: Int16Array, from: number, to: number, output: Int16Array, at: number): number {
    const { left: even, centre: odd, sums } = scratch
    const phase = this.#phase
    const count = dealLane(even, this.#even, input, from + phase, to, 2)
    dealLane(odd, this.#odd, input, from + 1 - phase, to, 2)
    foldedSums(even, 0, even, BRANCH_HISTORY, BRANCH, count)
    // With an even sample already behind us, the odd lane is one sample behind and its places are one further on.
    for (let m = 0; m < count; m++) output[at + m] = toSample((sums[m]! + odd[m + phase]!) / 2)
    this.#phase = (to - from + phase) & 1
    return count
  }
}
