import type { Subscription } from 'xstate'
import { CallHandle } from '../actors/call-handle.ts'
import type { Call } from '../agents/agent.ts'
import { type CallView, toCallView } from '../call-view.ts'
import type { Clock } from '../clock.ts'
import type { DialPacer } from '../dial-pacer.ts'
import { AdmissionError, CarrierError, UsageError } from '../errors.ts'
import type { CallsDesk, DialRequest, RecordingWish, TransferRequest } from '../http/desks.ts'
import type { RecordQuery } from '../records.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { parsePhoneNumber } from '../twilio/phone-number.ts'
import type { DialPolicy } from './dial-policy.ts'
import type { Exchange } from './exchange.ts'
import type { LiveCall } from './live-call.ts'

/** How long an API request waits for the carrier's verdict, and for a hang-up to be through. */
const PATIENCE_MS = 10_000

export interface CallsDeskOptions {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly policy: DialPolicy
  readonly pacer: DialPacer
  /** Default caller id. */
  readonly from: string | undefined
  /** Default agent. */
  readonly agent: string
  readonly telemetry?: Pick<Telemetry, 'rejected'> | undefined
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
    if (call.isInDoubt)
      throw new CarrierError('CARRIER_TIMEOUT', `not known yet whether the carrier dials ${call.session.facts.id}`)
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

  /** Live calls and those that ended lately, newest first. */
  recent(): readonly CallView[] {
    return this.#options.exchange.list().map(toCallView)
  }

  async list(query: RecordQuery): Promise<{ calls: readonly CallView[]; nextCursor: string | null }> {
    const { exchange } = this.#options
    const { records, cursor } = await exchange.records.search(query)
    // What is kept of a call that is under way may be a moment old.
    const calls = records.map((record) => toCallView(exchange.find(record.id)?.record() ?? record))
    return { calls, nextCursor: cursor ?? null }
  }

  async find(key: string): Promise<CallView | undefined> {
    const { exchange } = this.#options
    const record = exchange.find(key)?.record() ?? exchange.records.find(key) ?? (await exchange.records.read(key))
    return record === undefined ? undefined : toCallView(record)
  }

  async hangUp(key: string): Promise<CallView | undefined> {
    const call = this.#options.exchange.find(key)
    if (call === undefined) return this.find(key)
    call.send({ type: 'call.hangUp', reason: 'hung up by API' })
    await this.#within(PATIENCE_MS, call.session.ended)
    return toCallView(call.record())
  }

  async sendDigits(key: string, digits: string): Promise<CallView | undefined> {
    return this.#toLive(key, 'to send digits to', (call) => void this.#handleOf(call).sendDigits(digits))
  }

  async transfer(key: string, { to, from, agent, ringTimeoutSeconds }: TransferRequest): Promise<CallView | undefined> {
    return this.#toLive(key, 'to transfer', (call) => {
      // How it comes out is told by the call's events and its record.
      void call.session.transfer(to, { from, ringTimeoutSeconds, returnTo: agent, isUrgent: true })
    })
  }

  async hold(key: string, wish: 'hold' | 'resume'): Promise<CallView | undefined> {
    return this.#toLive(key, `to ${wish}`, ({ session }) => (wish === 'hold' ? session.hold() : session.resume()))
  }

  async record(key: string, wish: RecordingWish): Promise<CallView | undefined> {
    return this.#toLive(key, 'to record', ({ session }) => {
      session.record(wish.do, wish.do === 'start' ? wish.channels : undefined)
    })
  }

  /** Does something to a live call. Undefined when there is no such call; throws `CALL_OVER` when it is over. */
  async #toLive(key: string, what: string, act: (call: LiveCall) => void): Promise<CallView | undefined> {
    const call = this.#options.exchange.find(key)
    if (call === undefined || call.ending !== undefined) {
      if ((await this.find(key)) === undefined) return undefined
      throw new UsageError('CALL_OVER', `expected a call in progress ${what}, got one that is over`)
    }
    act(call)
    return toCallView(call.record())
  }

  #handleOf({ session }: LiveCall): CallHandle {
    return new CallHandle(session, { signal: session.signal, hangUp: () => {} })
  }

  readiness(): 'ready' | 'full' | 'overloaded' | 'draining' {
    return this.#options.exchange.node.readiness
  }

  async #place(request: DialRequest): Promise<LiveCall> {
    try {
      return await this.#admit(request)
    } catch (error) {
      if (error instanceof AdmissionError) this.#options.telemetry?.rejected(error.code)
      throw error
    }
  }

  async #admit(request: DialRequest): Promise<LiveCall> {
    const { exchange, policy, pacer } = this.#options
    const to = policy.requireNumber(request.to)
    const from = this.#callerId(request)
    const agent = request.agent ?? this.#options.agent
    exchange.requireAgent(agent)
    exchange.node.requireRoom()
    pacer.requireRoom()
    policy.count(to)
    const {
      ringTimeoutSeconds,
      timeLimitSeconds,
      machineDetection,
      timers,
      record,
      overflow,
      parameters = {},
    } = request
    const call = await exchange.admit({
      direction: 'outbound',
      from,
      to,
      agent,
      parameters,
      terms: {
        ...(ringTimeoutSeconds === undefined ? {} : { ringTimeoutSeconds }),
        ...(timeLimitSeconds === undefined ? {} : { timeLimitSeconds }),
        machineDetection,
      },
      timers,
      keepsAudio: record,
      overflow,
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
