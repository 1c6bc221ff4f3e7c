/** Half a microsecond to two minutes, in steps of 9 %: enough for "p99 = 4.2 ms", in 1 kB. */
const BUCKETS = 224
const SMALLEST_MS = 0.0005
const STEPS_PER_OCTAVE = 8

export interface Quantiles {
  /** Milliseconds; 0 when nothing was recorded. */
  readonly p50: number
  readonly p99: number
}

/** Durations in fixed memory: recording costs a logarithm, and a quantile is right to 9 %. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0
  #worst = 0

  record(durationMs: number): void {
    const octaves = Math.log2(Math.max(durationMs, SMALLEST_MS) / SMALLEST_MS)
    const bucket = Math.min(BUCKETS - 1, Math.round(octaves * STEPS_PER_OCTAVE))
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
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
      left -= this.#counts[bucket] ?? 0
      if (left <= 0) return bucket === 0 ? 0 : Math.min(this.#worst, SMALLEST_MS * 2 ** (bucket / STEPS_PER_OCTAVE))
    }
    return this.#worst
  }

  quantiles(): Quantiles {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99) }
  }
}
