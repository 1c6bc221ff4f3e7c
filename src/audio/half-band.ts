/**
 * 8 <-> 16 kHz on the live path: one linear-phase half-band filter of 63 taps, used in both directions.
 *
 * Measured: 300-3400 Hz flat to 0.01 dB, images and aliases of 4.6 kHz and above 67 dB down, 1.94 ms each way.
 *
 * Half of the taps are zero and the centre is one half, so of two neighbouring samples one goes through the 32 taps of
 * the branch and the other is only delayed. The decimator keeps the phase in which up and down together take a whole
 * number of 8 kHz samples ({@link UP_DOWN_DELAY_8K}): audio that went round can be laid over the original.
 *
 * A filter belongs to one direction of one call. It keeps its history from chunk to chunk, so chunk boundaries leave no
 * trace; `reset` it where the audio itself begins anew. Input and output must not overlap.
 */
import { createPlainHalfBand, type HalfBand, HISTORY_SAMPLES } from './half-band-arithmetic.ts'
import { createHalfBandKernel } from './half-band-kernel.ts'
import { StreamResampler } from './stream-resampler.ts'

/** Delay of either direction, in 16 kHz samples (1.94 ms). */
export const HALF_BAND_DELAY_16K = 31
/** Delay of up and down together, in 8 kHz samples (3.88 ms). */
export const UP_DOWN_DELAY_8K = 31

/** The zeros at 8 kHz that flush the branch: as many as it reaches back. */
const TAIL_SAMPLES = 31

/** The faster of the two ways that this machine has; they make the same samples. */
const FASTEST: HalfBand = createHalfBandKernel() ?? createPlainHalfBand()

/** 8 kHz to 16 kHz: two samples out for each one in, always. Keeps 96 bytes. */
export class Upsampler8to16 extends StreamResampler {
  readonly #halfBand: HalfBand
  readonly #history = new Int16Array(HISTORY_SAMPLES)

  constructor(halfBand = FASTEST) {
    super(TAIL_SAMPLES)
    this.#halfBand = halfBand
  }

  override countFor(samples: number): number {
    return 2 * samples
  }

  override reset(): void {
    this.#history.fill(0)
  }

  /** Room for a block: for who would otherwise write its samples elsewhere first. See {@link filterInput}. */
  get input(): Int16Array {
    return this.#halfBand.input
  }

  /** Filters the first `count` samples written to {@link input}. */
  filterInput(count: number): Int16Array {
    return this.#halfBand.up(this.#history, count)
  }

  override block(samples: Int16Array, from: number, to: number): Int16Array {
    return this.filterInput(copyRange(samples, from, to, this.#halfBand.input))
  }
}

/** 16 kHz to 8 kHz: one sample out for each two in, the first of them at once. Keeps 97 bytes. */
export class Downsampler16to8 extends StreamResampler {
  readonly #halfBand: HalfBand
  /** Samples 0, 2, 4... meet the branch, samples 1, 3, 5... the centre tap. */
  readonly #history = new Int16Array(HISTORY_SAMPLES)
  /** 1 when the next sample is an odd one. */
  #phase: 0 | 1 = 0

  constructor(halfBand = FASTEST) {
    super(2 * TAIL_SAMPLES)
    this.#halfBand = halfBand
  }

  override countFor(samples: number): number {
    return (samples + 1 - this.#phase) >> 1
  }

  override reset(): void {
    this.#history.fill(0)
    this.#phase = 0
  }

  override block(samples: Int16Array, from: number, to: number): Int16Array {
    const count = copyRange(samples, from, to, this.#halfBand.input)
    const made = this.#halfBand.down(this.#history, count, this.#phase)
    if (count % 2 === 1) this.#phase = this.#phase === 0 ? 1 : 0
    return made
  }
}

/** Copies `samples[from, to)` to the beginning of `room` and returns how many; a frame that is whole without a view. */
function copyRange(samples: Int16Array, from: number, to: number, room: Int16Array): number {
  room.set(to - from === samples.length ? samples : samples.subarray(from, to))
  return to - from
}
