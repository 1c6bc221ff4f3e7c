import type { Registry } from 'prom-client'
import { addReadCounter, addReadGauge } from './read-metrics.ts'

/** Where an outgoing call stands that has not been placed for certain, as in its chart. */
export type DialState = (typeof DIAL_STATES)[number]

const DIAL_STATES = ['queued', 'dialing', 'doubtful'] as const

/** How the rest of the node stands. What is not given is nought. */
export interface NodeSources {
  readonly dialQueue?: () => Readonly<Record<DialState, number>>
  /** Rows that are not where they survive this process yet. */
  readonly recordsWaiting?: () => number
  /** Rows that were given up, since the start. */
  readonly recordsLost?: () => number
  /** Whether the carrier is left alone because it failed too often. */
  readonly isCircuitOpen?: () => boolean
}

export interface NodeMetricsOptions extends NodeSources {
  readonly version: string
}

/** What is asked of the rest of the node at each scrape. */
export function addNodeMetrics(registry: Registry, options: NodeMetricsOptions): void {
  const { dialQueue, recordsWaiting, recordsLost, isCircuitOpen, version } = options
  addReadGauge(registry, {
    name: 'callchart_dial_queue_depth',
    help: 'Outgoing calls that wait for their turn, are being placed, or may have been placed.',
    labelNames: ['state'],
    read: () => {
      const depth = dialQueue?.()
      return DIAL_STATES.map((state) => [{ state }, depth?.[state] ?? 0] as const)
    },
  })
  addReadGauge(registry, {
    name: 'callchart_records_waiting',
    help: 'Call records that are not yet where they survive the process.',
    read: () => [[{}, recordsWaiting?.() ?? 0]],
  })
  addReadCounter(registry, {
    name: 'callchart_records_lost_total',
    help: 'Call records that could not be kept.',
    read: () => [[{}, recordsLost?.() ?? 0]],
  })
  addReadGauge(registry, {
    name: 'callchart_circuit_open',
    help: '1 while the carrier is not asked because it failed too often, else 0.',
    read: () => [[{}, isCircuitOpen?.() === true ? 1 : 0]],
  })
  addReadGauge(registry, {
    name: 'callchart_build_info',
    help: 'Always 1; the version is in the label.',
    labelNames: ['version'],
    read: () => [[{ version }, 1]],
  })
}
