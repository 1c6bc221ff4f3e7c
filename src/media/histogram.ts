/** Half a microsecond to two minutes, in steps of 9 %: enough for "p99 = 4.2 ms". */
const BUCKETS = 224
const SMALLEST_MS = 0.0005
const STEPS_PER_OCTAVE = 8
/** Four octaves. What a call measures falls into two or three of the seven pages, and no other gets memory. */
const PAGE_BITS = 5
const PAGE_BUCKETS = 1 << PAGE_BITS
/** A page's place takes so many bits of one small integer. */
const PLACE_BITS = 4
const PLACE_MASK = 0xf
const NO_COUNTS = new Uint32Array(0)

export interface Quantiles {
  /** Milliseconds; 0 when nothing was recorded. */
  readonly p50: number
  readonly p99: number
}

/** Durations in at most 1 kB: recording costs a logarithm, and a quantile is right to 9 %. */
export class Histogram {
  /** The pages that something fell into, in the order in which it did. */
  #counts = NO_COUNTS
  /** Of each page, where it stands in `counts`, from 1; 0: nowhere yet. */
  #places = 0
  #total = 0
  #worst = 0

  record(durationMs: number): void {
    const octaves = Math.log2(Math.max(durationMs, SMALLEST_MS) / SMALLEST_MS)
    const bucket = Math.min(BUCKETS - 1, Math.round(octaves * STEPS_PER_OCTAVE))
    const place = this.#placeOf(bucket) || this.#open(bucket)
    const at = indexOf(bucket, place)
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#total += 1
    if (durationMs > this.#worst) this.#worst = durationMs
  }

  get count(): number {
    return this.#total
  }

  get worst(): number {
    return this.#worst
  }

  quantile(q: number): number {
    if (this.#total === 0) return 0
    let left = Math.ceil(q * this.#total)
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const place = this.#placeOf(bucket)
      if (place > 0) left -= this.#counts[indexOf(bucket, place)] ?? 0
      if (left <= 0) return bucket === 0 ? 0 : Math.min(this.#worst, SMALLEST_MS * 2 ** (bucket / STEPS_PER_OCTAVE))
    }
    return this.#worst
  }

  quantiles(): Quantiles {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99) }
  }

  /** How often each duration came, in milliseconds and right to 9 %, the shortest first. */
  *counts(): Generator<readonly [durationMs: number, count: number]> {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const place = this.#placeOf(bucket)
      const count = place > 0 ? (this.#counts[indexOf(bucket, place)] ?? 0) : 0
      if (count > 0) yield [bucket === 0 ? 0 : SMALLEST_MS * 2 ** (bucket / STEPS_PER_OCTAVE), count]
    }
  }

  #placeOf(bucket: number): number {
    return (this.#places >> shiftOf(bucket)) & PLACE_MASK
  }

  /** At most once a page in a histogram's life. */
  #open(bucket: number): number {
    const counts = new Uint32Array(this.#counts.length + PAGE_BUCKETS)
    counts.set(this.#counts)
    this.#counts = counts
    const place = counts.length / PAGE_BUCKETS
    this.#places |= place << shiftOf(bucket)
    return place
  }
}

function shiftOf(bucket: number): number {
  return (bucket >> PAGE_BITS) * PLACE_BITS
}

function indexOf(bucket: number, place: number): number {
  return ((place - 1) << PAGE_BITS) + (bucket & (PAGE_BUCKETS - 1))
}
