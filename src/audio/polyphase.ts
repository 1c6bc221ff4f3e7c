/**
 * What the three live filters share: a window design, the lanes a signal is dealt into, and one inner loop.
 *
 * A filter that halves or thirds a band (a half-band, a third-band) has a zero at every second or third tap, and its
 * other taps mirror each other. So the signal is dealt like cards into two or three lanes; one lane meets only the
 * centre tap, and in the others each tap serves two samples at once: that is {@link foldedSums}.
 *
 * I1  Every output is a function of the samples before it, never of where a chunk began: the arithmetic of one output
 *     is the same, in the same order, whatever its place in a block. Chunked equals whole, to the bit.
 * I2  Once a filter exists, nothing is allocated for a frame; a chunk longer than a block costs a view for each block.
 */
/* oxlint-disable typescript/no-non-null-assertion -- sample loops: every index is inside the loop's bound */

/** Input samples taken in one go; longer input goes block by block. 128 ms at 8 kHz, 42 ms at 24 kHz; divides by four. */
export const BLOCK_SAMPLES = 1024

const LONGEST_HISTORY = 32

function window(): Float64Array {
  return new Float64Array(LONGEST_HISTORY + BLOCK_SAMPLES)
}

/**
 * Working memory of every filter on every call. Nothing in it outlives one call of `process`, and nothing runs in
 * between, so a thousand calls share it and each keeps only its history.
 */
export const scratch = {
  left: window(),
  right: window(),
  centre: window(),
  sums: new Float64Array(BLOCK_SAMPLES),
} as const

/**
 * A low-pass tap at `distance` samples from the centre, with the pass band an `nth` of the whole band, before
 * normalisation. Kaiser window of beta 6.5: side lobes 66 dB down (Kaiser, "Nonrecursive digital filter design using
 * the I0-sinh window function", 1974).
 */
export function kaiserSinc(distance: number, reach: number, nth: number): number {
  const angle = (Math.PI * distance) / nth
  return (besselI0(6.5 * Math.sqrt(1 - (distance / reach) ** 2)) * Math.sin(angle)) / angle
}

/** The modified Bessel function of order zero, by its power series; converged for |x| < 20. */
function besselI0(x: number): number {
  let sum = 1
  let term = 1
  for (let k = 1; k < 40; k++) {
    term *= (x / 2 / k) ** 2
    sum += term
  }
  return sum
}

/** Scales the taps to sum to `total`, which makes silence, speech and DC come out exactly as loud as they went in. */
export function normalized(taps: Float64Array, total: number): Float64Array {
  const sum = sumOf(taps)
  return taps.map((tap) => (tap * total) / sum)
}

/** Rounds each tap to whole steps, so many to 1; the largest takes up what rounding left over, and the sum stays. */
export function inSteps(taps: Float64Array, steps: number): Float64Array {
  const rounded = taps.map((tap) => Math.round(tap * steps))
  const largest = rounded.indexOf(Math.max(...rounded))
  rounded[largest]! += Math.round(sumOf(taps) * steps) - sumOf(rounded)
  return rounded
}

function sumOf(taps: Float64Array): number {
  return taps.reduce((a, b) => a + b, 0)
}

/**
 * Lays a lane's history and every `stride`-th sample of `input[first, to)` side by side in `lane`, and keeps the newest
 * samples as the next history. Returns how many samples were dealt.
 */
export function dealLane(
  lane: Float64Array,
  history: Int16Array,
  input: Int16Array,
  first: number,
  to: number,
  stride: number,
): number {
  const held = history.length
  for (let i = 0; i < held; i++) lane[i] = history[i]!
  let end = held
  for (let i = first; i < to; i += stride) lane[end++] = input[i]!
  const dealt = end - held
  for (let i = 0; i < held; i++) history[i] = lane[dealt + i]!
  return dealt
}

/**
 * `scratch.sums[m] = sum over k of taps[k] * (left[leftAt + m + k] + right[rightAt + m - k])` for `count` values of m.
 *
 * Four outputs at a time, since neighbours share all but one sample on either side: each tap loads one new sample from
 * the left and one from the right and hands the others on. Less than half the time of the plain loop. A count that does
 * not divide by four leaves up to three meaningless sums behind the last.
 */
export function foldedSums(
  left: Float64Array,
  leftAt: number,
  right: Float64Array,
  rightAt: number,
  taps: Float64Array,
  count: number,
): void {
  const { sums } = scratch
  const length = taps.length
  for (let m = 0; m < count; m += 4) {
    const l = leftAt + m
    const r = rightAt + m
    let l0 = left[l]!
    let l1 = left[l + 1]!
    let l2 = left[l + 2]!
    let r1 = right[r + 1]!
    let r2 = right[r + 2]!
    let r3 = right[r + 3]!
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let k = 0; k < length; k++) {
      const tap = taps[k]!
      const l3 = left[l + k + 3]!
      const r0 = right[r - k]!
      a += tap * (l0 + r0)
      b += tap * (l1 + r1)
      c += tap * (l2 + r2)
      d += tap * (l3 + r3)
      l0 = l1
      l1 = l2
      l2 = l3
      r3 = r2
      r2 = r1
      r1 = r0
    }
    sums[m] = a
    sums[m + 1] = b
    sums[m + 2] = c
    sums[m + 3] = d
  }
}

/** The nearest 16-bit sample; what is too loud is clamped, since a wrapped sample is a bang. */
export function toSample(value: number): number {
  if (value > 32767) return 32767
  if (value < -32768) return -32768
  return ((value + 32768.5) | 0) - 32768
}
