import { Histogram } from '../../media/histogram.ts'

/** Durations in milliseconds since the last `reset`, in fixed memory: for a server that is itself being measured. */
export class Samples {
  #histogram = new Histogram()

  record(durationMs: number): void {
    this.#histogram.record(durationMs)
  }

  reset(): void {
    this.#histogram = new Histogram()
  }

  quantiles(): { p50: number; p99: number; p999: number; count: number } {
    const histogram = this.#histogram
    return {
      p50: histogram.quantile(0.5),
      p99: histogram.quantile(0.99),
      p999: histogram.quantile(0.999),
      count: histogram.count,
    }
  }
}
