import { type Tracer, trace } from '@opentelemetry/api'
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Clock } from '../clock.ts'
import type { CallFacts } from '../directory.ts'
import type { AdmissionError } from '../errors.ts'
import { BorderMetrics, type ProtocolErrorKind } from './border-metrics.ts'
import { readBuildVersion } from './build-version.ts'
import { CallMetrics, type EndedCall, type MeasuredCall } from './call-metrics.ts'
import { type CallTrace, traceCall } from './call-trace.ts'
import { CarrierMetrics, type CarrierMeter, type CarrierOperation, type CarrierStatus } from './carrier-metrics.ts'
import { MediaMetrics, type PacingSource } from './media-metrics.ts'
import { addNodeMetrics, type NodeSources } from './node-metrics.ts'

/** Whoever asks more often is told the same again: the answer is open to anybody, and must not cost the calls anything. */
const FRESH_MS = 1_000

export interface TelemetryOptions {
  readonly clock: Clock
  /** Read at each scrape, and never before the first. */
  readonly sources?: NodeSources & PacingSource
  /** What a tracing SDK threw. No call is the worse for it. */
  readonly onFault: (error: unknown) => void
  /** The one of the registered OpenTelemetry SDK unless given; without an SDK, nothing is traced. */
  readonly tracer?: Tracer
}

/**
 * One switchboard's figures and traces, in a registry of its own: several in one process do not meet, and prom-client's
 * default registry stays its user's. Figures only grow, or tell how things stand.
 */
export class Telemetry implements CarrierMeter {
  readonly #options: TelemetryOptions
  readonly #registry = new Registry()
  readonly #tracer: Tracer
  readonly #calls: CallMetrics
  readonly #media: MediaMetrics
  readonly #borders: BorderMetrics
  readonly #carrier: CarrierMetrics
  #latest: { readonly at: number; readonly text: Promise<string> } | undefined

  constructor(options: TelemetryOptions) {
    this.#options = options
    const version = readBuildVersion()
    this.#tracer = options.tracer ?? trace.getTracer('callchart', version)
    const { sources = {}, clock } = options
    this.#calls = new CallMetrics(this.#registry, clock)
    this.#media = new MediaMetrics(this.#registry, sources)
    this.#borders = new BorderMetrics(this.#registry)
    this.#carrier = new CarrierMetrics(this.#registry)
    addNodeMetrics(this.#registry, { ...sources, version })
  }

  /** A call was admitted; it is measured until `callEnded`. */
  callAdmitted(call: MeasuredCall): void {
    this.#calls.noteAdmitted(call)
    this.#media.add(call.id, call.plane)
  }

  /** After the call let go of its media: the figures that stand then are its last. Once for each call. */
  callEnded(call: EndedCall): void {
    this.#calls.noteEnded(call)
    this.#media.retire(call.id)
  }

  /** A call was refused, incoming or outgoing. */
  rejected(reason: AdmissionError['code']): void {
    this.#borders.noteRejected(reason)
  }

  /** A media socket is closed. @param code as in the close frame; 1005 and 1006 where none came. */
  socketClosed(code: number): void {
    this.#borders.noteClosed(code)
  }

  /** The far end of a media socket did not keep to the protocol. */
  protocolError(kind: ProtocolErrorKind): void {
    this.#borders.noteProtocolError(kind)
  }

  /** A webhook, or the upgrade of a media socket, was not signed by the carrier. */
  signatureFailed(): void {
    this.#borders.noteUnsigned()
  }

  /** The carrier asked what is next in a call, and that failed: it was told to hang up. */
  webhookFailed(): void {
    this.#borders.noteFailed()
  }

  /** A request to the API was one too many. */
  requestLimited(): void {
    this.#borders.noteLimited()
  }

  carrierRequest(op: CarrierOperation, status: CarrierStatus, seconds: number): void {
    this.#carrier.note(op, status, seconds)
  }

  /** Begins the call's span. Undefined, and nothing more is done, unless an SDK is registered. */
  traceCall(facts: CallFacts): CallTrace | undefined {
    try {
      return traceCall(this.#tracer, facts)
    } catch (error) {
      this.#options.onFault(error)
      return undefined
    }
  }

  /** Of what {@link text} resolves to. */
  get contentType(): string {
    return this.#registry.contentType
  }

  /** Everything in Prometheus's text format, at most a second old. */
  text(): Promise<string> {
    const now = this.#options.clock.now()
    if (this.#latest !== undefined && now - this.#latest.at < FRESH_MS) return this.#latest.text
    // Not before somebody asks: the process is watched by a timer and an observer that nothing ever stops.
    if (this.#latest === undefined) collectDefaultMetrics({ register: this.#registry })
    this.#media.look()
    const text = this.#registry.metrics()
    this.#latest = { at: now, text }
    return text
  }
}
