import { Counter, Histogram, type Registry } from 'prom-client'
import type { Carrier } from '../carrier.ts'
import type { CarrierError } from '../errors.ts'

export type CarrierOperation = keyof Carrier

/** `aborted`: nobody wanted the answer any more. `error`: something failed that is not the carrier's. */
export type CarrierStatus = 'ok' | CarrierError['code'] | 'aborted' | 'error'

/** Whoever counts what the carrier was asked. */
export interface CarrierMeter {
  carrierRequest(op: CarrierOperation, status: CarrierStatus, seconds: number): void
}

const ANSWERS_S = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10]

/** Requests to the carrier, those that were repeated among them. */
export class CarrierMetrics {
  readonly #requests: Counter
  readonly #duration: Histogram

  constructor(registry: Registry) {
    const registers = [registry]
    this.#requests = new Counter({
      name: 'callchart_twilio_requests_total',
      help: 'Requests to the REST interface, by what was asked and what came of it.',
      labelNames: ['op', 'status'],
      registers,
    })
    this.#duration = new Histogram({
      name: 'callchart_twilio_request_duration_seconds',
      help: 'How long the REST interface took to answer, or not to.',
      labelNames: ['op'],
      buckets: ANSWERS_S,
      registers,
    })
  }

  note(op: CarrierOperation, status: CarrierStatus, seconds: number): void {
    this.#requests.inc({ op, status })
    this.#duration.observe({ op }, seconds)
  }
}
