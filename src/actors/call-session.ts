import type { CallEvent } from '../../machines/index.ts'
import type { Agent, CallEdge, CallEnding } from '../agents/agent.ts'
import type { CarrierError } from '../errors.ts'
import type { CallFacts } from '../directory.ts'
import { MediaPlane, type MediaPlaneOptions } from '../media/media-plane.ts'
import type { Happenings } from '../recorder.ts'

/** What placing a call needs beyond its facts. */
export interface DialTerms {
  readonly ringTimeoutSeconds: number
  readonly timeLimitSeconds: number
}

export interface CallSessionOptions {
  readonly facts: CallFacts
  readonly agent: Agent
  readonly terms: DialTerms
  readonly media: Omit<MediaPlaneOptions, 'report' | 'onListenerFault' | 'onFault'>
  /** Tells the call's chart. */
  readonly send: (event: CallEvent) => void
  /** Where what happens in the call is told. */
  readonly story?: Happenings | undefined
}

/** Finds a call's session, which outlives its chart; throws when there is none. */
export type SessionOf = (callId: string) => CallSession

/**
 * Everything one call owns. It lives from admission to the end, whatever becomes of the chart, and is released in one
 * place, once.
 */
export class CallSession {
  readonly agent: Agent
  readonly terms: DialTerms
  readonly plane: MediaPlane
  readonly ended: Promise<CallEnding>
  readonly story: Happenings | undefined
  /** Rejects when the agent's own listener throws; never resolves. */
  readonly listenerFault: Promise<never>
  /** The carrier's latest refusal, with all it said. */
  carrierError: CarrierError | undefined
  readonly send: (event: CallEvent) => void
  readonly #abort = new AbortController()
  readonly #listeners = new Set<(edge: CallEdge) => void>()
  #facts: CallFacts
  #failListeners!: (error: unknown) => void
  #settle!: (ending: CallEnding) => void

  constructor(options: CallSessionOptions) {
    this.#facts = options.facts
    this.agent = options.agent
    this.terms = options.terms
    this.send = options.send
    this.story = options.story
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.listenerFault = new Promise((_, reject) => {
      this.#failListeners = reject
    })
    // Whoever runs the agent races against it; outside that race it must not count as unhandled.
    this.listenerFault.catch(() => {})
    this.plane = new MediaPlane({
      ...options.media,
      report: (edge) => this.emit(edge),
      onListenerFault: (error) => this.#failListeners(error),
      onFault: (error) =>
        this.send({ type: 'call.hangUp', reason: 'internal error', cause: `the media plane failed: ${String(error)}` }),
    })
  }

  get facts(): CallFacts {
    return this.#facts
  }

  /** Aborted when everything was released. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Learns what only the carrier knew: an outbound call's CallSid, and the parameters of a stream's own TwiML. */
  learn(facts: { callSid: string; parameters?: Readonly<Record<string, string>> }): void {
    // What the application said of the call stands above what came over the wire.
    const parameters = { ...facts.parameters, ...this.#facts.parameters }
    this.#facts = { ...this.#facts, callSid: this.#facts.callSid ?? facts.callSid, parameters }
  }

  /** Calls `listener` at every edge. What it throws is the agent's fault, and the end of this call only. */
  onEdge(listener: (edge: CallEdge) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  emit(edge: CallEdge): void {
    for (const listener of this.#listeners) {
      try {
        listener(edge)
      } catch (error) {
        this.#listeners.delete(listener)
        this.#failListeners(error)
      }
    }
  }

  noteDigit(digit: string): void {
    this.plane.noteDigit(digit)
    this.emit({ type: 'digit.received', digit })
  }

  /** Closes the socket, cuts what is playing, ends every listener, aborts the signal. Idempotent. */
  release(): void {
    if (this.#abort.signal.aborted) return
    this.#listeners.clear()
    this.plane.release()
    this.#abort.abort(new Error('the call is over'))
  }

  /** Settles `ended`; only the first ending counts. */
  settle(ending: CallEnding): void {
    this.#settle(ending)
  }
}
