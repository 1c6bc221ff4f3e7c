import { Counter, Histogram, type Registry } from 'prom-client'
import { type Direction, REASONS } from '../../machines/index.ts'
import type { Clock } from '../clock.ts'
import type { CallRecord } from '../records.ts'
import { BargeInWatch } from './barge-in-watch.ts'
import type { MeasuredPlane } from './media-metrics.ts'
import { addReadGauge } from './read-metrics.ts'

/** A live call as it is measured. */
export interface MeasuredCall {
  readonly id: string
  readonly direction: Direction
  readonly plane: MeasuredPlane
  /** Tells of each edge, a few in a second at most, until the call is released. */
  readonly onEdge: (listener: (edge: { readonly type: string }) => void) => unknown
}

export type EndedCall = Pick<
  CallRecord,
  'id' | 'direction' | 'reason' | 'startedAt' | 'answeredAt' | 'mediaStartedAt' | 'endedAt'
>

const DIRECTIONS: readonly Direction[] = ['inbound', 'outbound']
const DURATIONS_S = [1, 5, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200]
/** Of an outgoing call, most of it is ringing. */
const SETUPS_S = [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120]
const CLEARS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5]

/** The calls of this node, and how they went. */
export class CallMetrics {
  readonly #clock: Clock
  /** Of the live calls, by their id. */
  readonly #directions = new Map<string, Direction>()
  readonly #total: Counter
  readonly #duration: Histogram
  readonly #setup: Histogram
  readonly #clear: Histogram

  constructor(registry: Registry, clock: Clock) {
    this.#clock = clock
    addReadGauge(registry, {
      name: 'callchart_calls_active',
      help: 'Calls from their admission until they are over.',
      labelNames: ['direction'],
      read: () => DIRECTIONS.map((direction) => [{ direction }, this.#count(direction)] as const),
    })
    const registers = [registry]
    this.#total = new Counter({
      name: 'callchart_calls_total',
      help: 'Calls that are over, by why.',
      labelNames: ['direction', 'outcome'],
      registers,
    })
    // A series that first shows with its first call has no rate then: all of them are there from the beginning.
    for (const direction of DIRECTIONS) {
      for (const outcome of Object.keys(REASONS)) this.#total.inc({ direction, outcome }, 0)
    }
    this.#duration = new Histogram({
      name: 'callchart_call_duration_seconds',
      help: 'From the answer to the end, of calls that were answered.',
      buckets: DURATIONS_S,
      registers,
    })
    this.#setup = new Histogram({
      name: 'callchart_call_setup_duration_seconds',
      help: 'From the admission of a call to the beginning of its media, ringing included.',
      buckets: SETUPS_S,
      registers,
    })
    this.#clear = new Histogram({
      name: 'callchart_barge_in_clear_seconds',
      help: 'From the moment at which the far end was noticed to speak over the agent until the agent fell silent.',
      buckets: CLEARS_S,
      registers,
    })
  }

  noteAdmitted({ id, direction, onEdge }: MeasuredCall): void {
    this.#directions.set(id, direction)
    const watch = new BargeInWatch()
    onEdge(({ type }) => {
      const ms = watch.note(type, this.#clock.now())
      if (ms !== undefined) this.#clear.observe(ms / 1_000)
    })
  }

  noteEnded({ id, direction, reason, startedAt, answeredAt, mediaStartedAt, endedAt }: EndedCall): void {
    if (!this.#directions.delete(id)) return
    this.#total.inc({ direction, outcome: outcomeOf(reason) })
    observe(this.#setup, startedAt, mediaStartedAt)
    observe(this.#duration, answeredAt ?? mediaStartedAt, endedAt)
  }

  #count(direction: Direction): number {
    return [...this.#directions.values()].filter((one) => one === direction).length
  }
}

/** A reason that is not on the list would be a label without bounds. */
function outcomeOf(reason = ''): string {
  return Object.hasOwn(REASONS, reason) ? reason : 'internal error'
}

/** Epoch milliseconds: a wall clock that was set back in between makes nothing of it. */
function observe(histogram: Histogram, from: number | undefined, to: number | undefined): void {
  if (from !== undefined && to !== undefined) histogram.observe(Math.max(0, to - from) / 1_000)
}
