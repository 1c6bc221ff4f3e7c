import type { Subscription } from 'xstate'
import { CallHandle } from '../actors/call-handle.ts'
import type { Call } from '../agents/agent.ts'
import { type CallView, toCallView } from '../call-view.ts'
import type { Clock } from '../clock.ts'
import { AdmissionError, CarrierError, UsageError } from '../errors.ts'
import type { DialLimiter } from '../dial-limiter.ts'
import type { CallsDesk, DialRequest } from '../http/desks.ts'
import { isDestinationAllowed, parsePhoneNumber } from '../twilio/phone-number.ts'
import type { Exchange } from './exchange.ts'
import type { LiveCall } from './live-call.ts'

/** How long an API request waits for the carrier's verdict, and for a hang-up to be through. */
const PATIENCE_MS = 10_000

export interface CallsDeskOptions {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly limiter: DialLimiter
  readonly allowedDestinations: readonly string[]
  /** Default caller id. */
  readonly from: string | undefined
  /** Default agent. */
  readonly agent: string
}

/** What the application asks of the calls: dial, look, hang up, key digits. */
export class ExchangeCallsDesk implements CallsDesk {
  readonly #options: CallsDeskOptions

  constructor(options: CallsDeskOptions) {
    this.#options = options
  }

  async dial(request: DialRequest): Promise<{ call: CallView; isQueued: boolean }> {
    const call = await this.#place(request)
    const verdict = await this.#within(PATIENCE_MS, this.#verdict(call))
    return { call: toCallView(call.record()), isQueued: verdict === undefined }
  }

  /** Places a call and returns it once the carrier has accepted it. Rejects with {@link CarrierError} when it refused. */
  async dialForLibrary(request: DialRequest): Promise<Call> {
    const call = await this.#place(request)
    await this.#verdict(call)
    return new CallHandle(call.session, {
      signal: call.session.signal,
      hangUp: () => call.send({ type: 'call.hangUp', reason: 'hung up by API' }),
    })
  }

  list(): readonly CallView[] {
    return this.#options.exchange.list().map(toCallView)
  }

  find(key: string): CallView | undefined {
    const { exchange } = this.#options
    const record = exchange.find(key)?.record() ?? exchange.records.find(key)
    return record === undefined ? undefined : toCallView(record)
  }

  async hangUp(key: string): Promise<CallView | undefined> {
    const call = this.#options.exchange.find(key)
    if (call === undefined) return this.find(key)
    call.send({ type: 'call.hangUp', reason: 'hung up by API' })
    await this.#within(PATIENCE_MS, call.session.ended)
    return toCallView(call.record())
  }

  sendDigits(key: string, digits: string): CallView | undefined {
    const call = this.#options.exchange.find(key)
    if (call === undefined) {
      if (this.find(key) === undefined) return undefined
      throw new UsageError('CALL_OVER', 'expected a call in progress to send digits to, got one that is over')
    }
    new CallHandle(call.session, { signal: call.session.signal, hangUp: () => {} }).sendDigits(digits)
    return toCallView(call.record())
  }

  readiness(): 'ready' | 'full' | 'draining' {
    return this.#options.exchange.node.readiness
  }

  async #place(request: DialRequest): Promise<LiveCall> {
    const { exchange, limiter, allowedDestinations } = this.#options
    const to = parsePhoneNumber(request.to)
    const from = this.#callerId(request)
    if (!isDestinationAllowed(to, allowedDestinations)) {
      const allowed = allowedDestinations.join(', ') || 'none'
      throw new AdmissionError(
        'DESTINATION_NOT_ALLOWED',
        `expected a destination that CALLCHART_ALLOWED_DESTINATIONS allows (${allowed}), got another`,
      )
    }
    const agent = request.agent ?? this.#options.agent
    exchange.requireAgent(agent)
    exchange.node.requireRoom()
    limiter.admit(to)
    const call = await exchange.admit({
      direction: 'outbound',
      from,
      to,
      agent,
      parameters: request.parameters ?? {},
      terms: {
        ...(request.ringTimeoutSeconds === undefined ? {} : { ringTimeoutSeconds: request.ringTimeoutSeconds }),
        ...(request.timeLimitSeconds === undefined ? {} : { timeLimitSeconds: request.timeLimitSeconds }),
      },
    })
    // Without a CallSid nothing can have been there before.
    return call as LiveCall
  }

  #callerId(request: DialRequest): string {
    const from = request.from ?? this.#options.from
    if (from !== undefined) return parsePhoneNumber(from)
    throw new UsageError('PHONE_NUMBER_INVALID', 'expected a caller id in "from" or TWILIO_FROM, got neither')
  }

  /** Settles when the carrier has accepted or refused, or the call was over before. */
  #verdict(call: LiveCall): Promise<'accepted'> {
    return new Promise((resolve, reject) => {
      // A chart that is over completes an observer at once, before there is a subscription to end.
      let subscription: Subscription | undefined
      const look = () => {
        if (call.awaitsVerdict) return
        subscription?.unsubscribe()
        const { reason, cause, callSid } = call.actor.getSnapshot().context
        if (callSid === undefined && reason === 'internal error') return reject(new Error(cause))
        if (reason !== 'carrier refused') return resolve('accepted')
        reject(call.session.carrierError ?? new CarrierError('CARRIER_TIMEOUT', cause ?? 'the carrier did not answer'))
      }
      subscription = call.actor.subscribe({ next: look, complete: look, error: look })
      look()
    })
  }

  /** The promise's value, or undefined when it takes longer. */
  #within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    const { clock } = this.#options
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => resolve(undefined), ms)
      promise.then(resolve, reject).finally(() => clock.clearTimeout(timer))
    })
  }
}
