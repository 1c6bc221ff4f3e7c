import { Gauge, type MetricObjectWithValues, type MetricType, type MetricValueWithName } from 'prom-client'

/** How often each duration, in milliseconds, was counted so far: in any order, and never fewer than before. */
export type DurationCounts = Iterable<readonly [durationMs: number, count: number]>

export interface ReadHistogramOptions {
  readonly name: string
  readonly help: string
  /** The buckets' upper bounds in seconds, rising. */
  readonly boundsS: readonly number[]
  readonly read: () => DurationCounts
}

/**
 * A Prometheus histogram of durations that were counted elsewhere, read at each scrape. The library's own one takes a
 * value at a time, and here come fifty a second: so it is a metric of the simplest kind whose answer is a histogram's.
 */
export class ReadHistogram extends Gauge {
  readonly #options: ReadHistogramOptions

  constructor(options: ReadHistogramOptions) {
    super({ name: options.name, help: options.help, registers: [] })
    this.#options = options
  }

  override get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { name, help } = this.#options
    // prom-client declares an enum here, which exists in its declarations alone.
    const type = 'histogram' as unknown as MetricType
    return Promise.resolve({ name, help, type, aggregator: 'sum', collect: () => {}, values: this.#values() })
  }

  #values(): MetricValueWithName<string>[] {
    const { name, boundsS, read } = this.#options
    const counts = boundsS.map(() => 0)
    let count = 0
    let sumS = 0
    for (const [durationMs, times] of read()) {
      const seconds = durationMs / 1_000
      const at = boundsS.findIndex((bound) => seconds <= bound)
      if (at >= 0) counts[at] = (counts[at] ?? 0) + times
      count += times
      sumS += seconds * times
    }
    let soFar = 0
    const buckets = boundsS.map((le, at) => ({
      metricName: `${name}_bucket`,
      labels: { le },
      value: (soFar += counts[at] ?? 0),
    }))
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: count },
      { metricName: `${name}_sum`, labels: {}, value: sumS },
      { metricName: `${name}_count`, labels: {}, value: count },
    ]
  }
}
