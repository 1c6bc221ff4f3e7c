import { Counter, Gauge, type Registry } from 'prom-client'

/** A figure that somebody else keeps, and that is read at each scrape. */
export interface ReadMetric<Label extends string> {
  readonly name: string
  readonly help: string
  /** None unless given. */
  readonly labelNames?: readonly Label[]
  /** The figure by its labels: each time all of it. */
  readonly read: () => Iterable<readonly [labels: Readonly<Partial<Record<Label, string>>>, value: number]>
}

/** How something stands. */
export function addReadGauge<Label extends string>(registry: Registry, metric: ReadMetric<Label>): void {
  const { name, help, labelNames = [], read } = metric
  const gauge = new Gauge({
    name,
    help,
    labelNames,
    registers: [],
    collect() {
      for (const [labels, value] of read()) this.set(labels, value)
    },
  })
  registry.registerMetric(gauge)
}

/** How often something has happened: what is read must never be less than before. */
export function addReadCounter<Label extends string>(registry: Registry, metric: ReadMetric<Label>): void {
  const { name, help, labelNames = [], read } = metric
  const counter = new Counter({
    name,
    help,
    labelNames,
    registers: [],
    collect() {
      this.reset()
      for (const [labels, value] of read()) this.inc(labels, value)
    },
  })
  registry.registerMetric(counter)
}
