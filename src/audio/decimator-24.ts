/**
 * 24 -> 8 kHz on the live path, for models that speak at 24 kHz: a linear-phase third-band filter of 89 taps.
 *
 * Measured: 300-3400 Hz flat to 0.01 dB, aliases of 4.6 kHz and above 67 dB down, 1.75 ms.
 *
 * Every third tap is zero and the centre is one third. Dealt into three lanes, the first lane is only delayed; the
 * second and the third meet the same 30 taps, one of them backwards. See half-band.ts for the rules of use.
 */
/* oxlint-disable typescript/no-non-null-assertion -- sample loops: every index is inside the loop's bound */
import { BLOCK_SAMPLES, dealLane, foldedSums, kaiserSinc, normalized, scratch, toSample } from './polyphase.ts'
import { SampleBlock } from './sample-block.ts'
import { StreamResampler } from './stream-resampler.ts'

/** Delay in 8 kHz samples (1.75 ms): exactly this many, since the newest sample of a triple is waited for. */
export const DECIMATOR_24_DELAY_8K = 14

/** Samples each lane keeps: the 29 the taps reach back, and one for a triple that was begun. */
const LANE_HISTORY = 30
/** How far back the centre tap is, in triples. */
const CENTRE_BACK = 14
/** The furthest tap, in 24 kHz samples from the centre. */
const REACH = 44

/** Tap k lies 3k - 44 samples from the centre in the second lane, and mirrored in the third. */
const TAPS = normalized(
  Float64Array.from({ length: 30 }, (_, k) => kaiserSinc(3 * k - REACH, REACH, 3)),
  1,
)

/** Like the scratch, it holds nothing from call to call. */
const MADE = new SampleBlock(new Int16Array(BLOCK_SAMPLES))

/** 24 kHz to 8 kHz: one sample out when the third of three has come; remainders are carried. Keeps 181 bytes. */
export class Downsampler24to8 extends StreamResampler {
  readonly #first = new Int16Array(LANE_HISTORY)
  readonly #second = new Int16Array(LANE_HISTORY)
  readonly #third = new Int16Array(LANE_HISTORY)
  /** Samples of the triple that was begun: 0, 1 or 2. */
  #phase = 0

  constructor() {
    super(2 * REACH)
  }

  override countFor(samples: number): number {
    return Math.floor((samples + this.#phase) / 3)
  }

  override reset(): void {
    this.#first.fill(0)
    this.#second.fill(0)
    this.#third.fill(0)
    this.#phase = 0
  }

  override block(input: Int16Array, from: number, to: number): Int16Array {
    const { left: second, right: third, centre: first, sums } = scratch
    const phase = this.#phase
    dealLane(first, this.#first, input, from + ((3 - phase) % 3), to, 3)
    dealLane(second, this.#second, input, from + ((4 - phase) % 3), to, 3)
    const count = dealLane(third, this.#third, input, from + 2 - phase, to, 3)
    // A lane that already holds its sample of the triple that was begun has its places one further back.
    const centreAt = LANE_HISTORY - CENTRE_BACK - (phase >= 1 ? 1 : 0)
    const secondAt = LANE_HISTORY - TAPS.length + 1 - (phase === 2 ? 1 : 0)
    foldedSums(second, secondAt, third, LANE_HISTORY, TAPS, count)
    const output = MADE.samples
    for (let m = 0; m < count; m++) output[m] = toSample((sums[m]! + first[centreAt + m]!) / 3)
    this.#phase = (to - from + phase) % 3
    return MADE.first(count)
  }
}
