import { type Actor, createActor } from 'xstate'
import { type CircuitEvent, circuitMachine, isOutage } from '../../machines/circuit.ts'
import type { Carrier } from '../carrier.ts'
import type { Clock } from '../clock.ts'
import { CarrierError } from '../errors.ts'
import type { Logger } from '../log.ts'

export interface GuardOptions {
  readonly clock: Clock
  /** Is told once that the carrier is out of order, and once that it is in order again. */
  readonly logger: Pick<Logger, 'error' | 'info'>
}

export interface GuardedCarrier {
  /** What else the carrier may reject with: CarrierError CARRIER_PAUSED, when it was not asked. */
  readonly carrier: Carrier
  /** The circuit's chart, to be looked at. */
  readonly actor: Actor<typeof circuitMachine>
  /** Whether a call could not be placed just now. No longer so once it is time for a probe: somebody must make it. */
  readonly isOpen: () => boolean
  /** Guards no more, and leaves no timer. Requests still go through. */
  readonly dispose: () => void
}

/** While one asks whether the carrier is back, the others had better come again as soon as the answer may be there. */
const PROBING_RETRY_MS = 1_000

/**
 * The carrier behind a circuit breaker: while it is out of order, what could wait is refused at once.
 *
 * What ends something goes through at all times, and what looks for a leg that may be there, since one left alive is
 * billed; its answer is as good as a probe's.
 */
export function guardCarrier(carrier: Carrier, options: GuardOptions): GuardedCarrier {
  const circuit = new Circuit(options)
  return {
    actor: circuit.actor,
    isOpen: () => circuit.isOpen,
    dispose: () => void circuit.actor.stop(),
    carrier: {
      placeCall: (request, signal) => circuit.ask(() => carrier.placeCall(request, signal), signal),
      findCalls: (traits, signal) => circuit.insist(() => carrier.findCalls(traits, signal), signal),
      fetchCall: (callSid, signal) => circuit.insist(() => carrier.fetchCall(callSid, signal), signal),
      redirect: (callSid, twiml, signal) => circuit.ask(() => carrier.redirect(callSid, twiml, signal), signal),
      startRecording: (callSid, request, signal) =>
        circuit.ask(() => carrier.startRecording(callSid, request, signal), signal),
      pointNumber: (phoneNumber, voiceUrl, signal) =>
        circuit.ask(() => carrier.pointNumber(phoneNumber, voiceUrl, signal), signal),
      hangUp: (callSid, signal) => circuit.insist(() => carrier.hangUp(callSid, signal), signal),
      changeRecording: (callSid, recordingSid, status, signal) =>
        circuit.insist(() => carrier.changeRecording(callSid, recordingSid, status, signal), signal),
    },
  }
}

class Circuit {
  readonly actor: Actor<typeof circuitMachine>
  readonly #clock: Clock
  /** On our clock. */
  #probeAt = 0
  /** The request that was let through to find out, if one is under way. */
  #probe: object | undefined

  constructor({ clock, logger }: GuardOptions) {
    this.#clock = clock
    const machine = circuitMachine.provide({
      actions: {
        noteOpening: ({ context }) => {
          this.#probeAt = clock.now() + context.waitMs
        },
        tellOpened: ({ context: { failures, fault, waitMs } }) =>
          logger.error(
            { failures, code: fault, waitMs },
            'the carrier is out of order: for now it is asked to end things only',
          ),
        tellClosed: () => logger.info('the carrier is in order again'),
      },
    })
    this.actor = createActor(machine, { id: 'circuit', clock })
    // Only the logger can have failed it, so there is nobody to tell. It guards no more, and lets everything through.
    this.actor.subscribe({ error: () => {} })
    this.actor.start()
  }

  get isOpen(): boolean {
    const snapshot = this.actor.getSnapshot()
    if (snapshot.status !== 'active') return false
    return snapshot.matches('open') || snapshot.matches({ halfOpen: 'probing' })
  }

  /** Sends the request unless the circuit is open. */
  ask<T>(send: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.isOpen ? Promise.reject(this.#paused()) : this.insist(send, signal)
  }

  /** Sends the request in any case, and notes what came of it. */
  async insist<T>(send: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const request = {}
    this.#startProbe(request)
    try {
      const answer = await send()
      this.#tell({ type: 'request.answered' })
      return answer
    } catch (error) {
      this.#noteFailure(error, signal)
      // Unless that was an answer of some kind, in which case nobody probes any more.
      this.#abandonProbe(request)
      throw error
    }
  }

  /** What was given up by whoever asked, or never sent, says nothing of the carrier. */
  #noteFailure(error: unknown, signal: AbortSignal | undefined): void {
    if (signal?.aborted || !(error instanceof CarrierError)) return
    if (isOutage(error.code)) this.#tell({ type: 'request.failed', code: error.code })
    // A refusal with an HTTP status is the carrier's; one without is our own.
    else if (error.status !== undefined) this.#tell({ type: 'request.answered' })
  }

  #startProbe(request: object): void {
    const snapshot = this.actor.getSnapshot()
    if (snapshot.status !== 'active' || !snapshot.matches({ halfOpen: 'ready' })) return
    this.#probe = request
    this.#tell({ type: 'probe.started' })
  }

  #abandonProbe(request: object): void {
    if (this.#probe === request) this.#tell({ type: 'probe.abandoned' })
  }

  /** A chart that is stopped or has failed hears nothing more. */
  #tell(event: CircuitEvent): void {
    if (this.actor.getSnapshot().status === 'active') this.actor.send(event)
  }

  #paused(): CarrierError {
    const { failures, fault } = this.actor.getSnapshot().context
    const isProbing = !this.actor.getSnapshot().matches('open')
    const retryAfterMs = isProbing ? PROBING_RETRY_MS : Math.max(0, Math.ceil(this.#probeAt - this.#clock.now()))
    return new CarrierError(
      'CARRIER_PAUSED',
      `expected a carrier that answers, got ${failures} failures in a row (${fault}); it is asked again in ${retryAfterMs} ms`,
      { ambiguous: false, retryAfterMs },
    )
  }
}
