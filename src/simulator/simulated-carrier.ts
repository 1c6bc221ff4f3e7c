/**
 * A whole carrier on loopback: REST interface, telephones, calls and media streams, speaking Twilio's wire to whatever
 * server it is pointed at. The composition root of the simulator.
 */

import { setMaxListeners } from 'node:events'
import { type Clock, systemClock } from '../clock.ts'
import type { Reach } from './addresses.ts'
import { type CallFacts, SimulatedCall } from './call.ts'
import { callForm } from './call-form.ts'
import type { CallbackFaults } from './callback-delivery.ts'
import { type CalleeBehaviour, type CalleePlan, ring, toPlan } from './callee.ts'
import type { DialledLeg, LegOrder } from './dialling.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { detect } from './machine-detection.ts'
import { MediaStream } from './media-stream.ts'
import { type DialOptions, type Line, Person } from './person.ts'
import { bareAddress, type OwnNumber, PhoneBook } from './phone-book.ts'
import { Random } from './random.ts'
import type { CallOrder, CallUpdate } from './rest-calls.ts'
import { RestProblem } from './rest-problem.ts'
import { type CallSwitch, RestServer } from './rest-server.ts'
import { SpeechQueue } from './speech-queue.ts'
import { type CallEvent, StatusCallbacks } from './status-callbacks.ts'
import { TimerLedger } from './timer-ledger.ts'
import { TwimlRunner } from './twiml-runner.ts'
import { type UntilOptions, VirtualClock } from './virtual-clock.ts'
import { until } from './waiting.ts'
import type { Warning } from './warnings.ts'
import type { WebhookAnswer } from './webhook-client.ts'

export interface SimulatedCarrierOptions {
  /** Default: made from the seed. */
  readonly accountSid?: string
  /** Default: made from the seed. `null` sends everything unsigned. */
  readonly authToken?: string | null
  /** Also accepted by the REST interface. */
  readonly apiKey?: { readonly sid: string; readonly secret: string }
  /** Default: the real one. A {@link VirtualClock} stands still until the sockets have caught up. */
  readonly clock?: Clock
  /** Where public origins are really reached, e.g. `{ 'https://example.test': 'http://127.0.0.1:8080' }`. */
  readonly reach?: Reach
  /** Decides identifiers and jitter; default 1. */
  readonly seed?: number
  /** How long a server may take over a webhook or a handshake; default 15,000. */
  readonly answerTimeoutMs?: number
  /** How far media frames stray from their beat; default 2, 0 makes a perfect line. */
  readonly jitterMs?: number
  /** Outgoing calls beyond this rate wait in a queue; default: no limit. Twilio's default is 1. */
  readonly callsPerSecond?: number
  /** How status callbacks are delivered, unless a callee's plan says otherwise. */
  readonly callbacks?: CallbackFaults
  /** Refuse caller ids that are not numbers of the account (21210); default false. */
  readonly ownNumbersOnly?: boolean
  /** Ended calls kept in `calls`; the oldest go first. Default 1,000. */
  readonly keepEndedCalls?: number
}

/** What a media stream opened by a test says of itself. */
export interface StreamClaims {
  /** `wss://`, or `ws://` on loopback; it is what is signed. */
  readonly url: string
  /** Default: one that nobody knows. */
  readonly callSid?: string
  /** Default: the carrier's. */
  readonly accountSid?: string
  readonly customParameters?: Readonly<Record<string, string>>
}

export type NumberSettings = Partial<Pick<OwnNumber, 'voiceUrl' | 'voiceMethod' | 'statusCallback'>>

const FOUR_HOURS_MS = 14_400_000

/** Starts a carrier on a loopback port; close it with {@link SimulatedCarrier.close}. */
export async function createSimulatedCarrier(options: SimulatedCarrierOptions = {}): Promise<SimulatedCarrier> {
  const carrier = new SimulatedCarrier(options)
  await carrier.listen()
  return carrier
}

export class SimulatedCarrier implements CallSwitch, Line {
  readonly accountSid: string
  readonly authToken: string
  readonly rest: RestServer
  readonly clock: Clock
  /** Every call, in the order of their beginning. */
  readonly calls: SimulatedCall[] = []
  /** What Twilio's debugger would show, of all calls. */
  readonly warnings: Warning[] = []
  readonly #options: SimulatedCarrierOptions
  readonly #exchange: Exchange
  readonly #timers: TimerLedger
  readonly #book: PhoneBook
  readonly #strays = new Set<MediaStream>()
  readonly #people = new Map<string, Person>()
  readonly #runners = new WeakMap<SimulatedCall, TwimlRunner>()
  readonly #closing = new AbortController()
  readonly #unhook: () => void
  #url = ''
  #nextDialAt = Number.NEGATIVE_INFINITY

  constructor(options: SimulatedCarrierOptions) {
    const { clock = systemClock, seed = 1 } = options
    const random = new Random(seed)
    this.#options = options
    this.clock = clock
    this.#timers = new TimerLedger(clock)
    this.accountSid = options.accountSid ?? random.sid('AC')
    this.authToken = options.authToken ?? random.sid('AC').slice(2)
    this.#book = new PhoneBook(random)
    const { reach, answerTimeoutMs, jitterMs } = options
    this.#exchange = createExchange({
      accountSid: this.accountSid,
      authToken: options.authToken === null ? undefined : this.authToken,
      clock: this.#timers,
      random,
      closing: this.#closing.signal,
      warn: (warning) => this.warnings.push(warning),
      apiUrl: () => this.#url,
      ...(reach === undefined ? {} : { reach }),
      ...(answerTimeoutMs === undefined ? {} : { answerTimeoutMs }),
      ...(jitterMs === undefined ? {} : { jitterMs }),
    })
    this.rest = new RestServer({
      exchange: this.#exchange,
      calls: this,
      book: this.#book,
      authToken: this.authToken,
      apiKey: options.apiKey,
      ownNumbersOnly: options.ownNumbersOnly ?? false,
    })
    const { activity } = this.#exchange
    this.#unhook = clock instanceof VirtualClock ? clock.onSettle(() => activity.settle()) : () => undefined
    // Everything that is held back listens for the end of the carrier.
    setMaxListeners(0, this.#closing.signal)
  }

  /** The REST base URL, for TWILIO_API_URL. */
  get url(): string {
    return this.#url
  }

  async listen(): Promise<void> {
    this.#url = await this.rest.listen()
  }

  /** The person whose number, or SIP address, this is, to make a call with. */
  caller(number: string): Person {
    const address = bareAddress(number)
    const person = this.#people.get(address) ?? new Person(address, this)
    this.#people.set(address, person)
    return person
  }

  /**
   * The person whose number, or SIP address, this is, with what happens when it is called, by REST or by `<Dial>`;
   * default: an answer after 1 s.
   */
  callee(number: string, behaviour?: CalleeBehaviour): Person {
    if (behaviour !== undefined) this.#book.program(number, toPlan(behaviour))
    return this.caller(number)
  }

  /** A number of the account, as the server may set it by REST. */
  number(phoneNumber: string, settings: NumberSettings = {}): OwnNumber {
    return Object.assign(this.#book.own(phoneNumber), settings)
  }

  /**
   * Opens a media stream that belongs to no call of this carrier, or to one that has a stream already: to replay and to
   * forge. The upgrade is signed as always; what `start` claims is up to the test.
   */
  opensStream(claims: StreamClaims): MediaStream {
    const { url, callSid = this.#exchange.random.sid('CA'), accountSid, customParameters = {} } = claims
    const stream = new MediaStream({
      exchange: this.#exchange,
      ...(accountSid === undefined ? {} : { accountSid }),
      callSid,
      url,
      name: undefined,
      customParameters,
      speech: new SpeechQueue(),
      onStarted: () => undefined,
      onWarning: (warning) => this.warnings.push(warning),
    })
    this.#strays.add(stream)
    void stream.ended.then(() => this.#strays.delete(stream))
    stream.open()
    return stream
  }

  /** Asks a voice URL about a call once more, as Twilio does now and then; resolves with the server's answer. */
  repeatsWebhook(call: SimulatedCall, url: string): Promise<WebhookAnswer> {
    const params = callForm(call, this.accountSid)
    return this.#exchange.webhooks.send({ url, method: 'POST', params })
  }

  /** Waits on the carrier's clock, which a virtual clock moves forward meanwhile. */
  until(predicate: () => boolean, options?: UntilOptions): Promise<void> {
    return until(this.clock, predicate, options)
  }

  /** Waits for somebody else's work, a server's say, while time passes; settles as the work does. */
  async meanwhile<T>(work: Promise<T>, options: UntilOptions = {}): Promise<T> {
    let isSettled = false
    const note = () => {
      isSettled = true
    }
    work.then(note, note)
    await this.until(() => isSettled, options)
    return work
  }

  /** Resolves when nothing is under way any more between the carrier and its servers, without letting time pass. */
  settled(): Promise<void> {
    return this.#exchange.activity.settle()
  }

  /** Line: holds a virtual clock while real work is under way. */
  during<T>(work: Promise<T>): Promise<T> {
    return this.#exchange.activity.during(work)
  }

  /** Line: an incoming call for the server. */
  connect(from: string, to: string, options: DialOptions): SimulatedCall {
    const number = this.#book.find(to)
    const url = options.voiceUrl ?? number?.voiceUrl
    if (url === undefined || url === '') throw new Error(`expected a voice URL for ${to}, got none`)
    const call = this.#admit(new SimulatedCall({ direction: 'inbound', from, to, faults: options }, this.#exchange))
    const statusCallback = number?.statusCallback ?? ''
    if (statusCallback !== '') {
      const faults = this.#options.callbacks ?? {}
      const events = new Set<CallEvent>(['completed'])
      call.callbacks = new StatusCallbacks(call, this.#exchange, {
        url: statusCallback,
        method: 'POST',
        events,
        faults,
      })
    }
    this.#runnerOf(call, FOUR_HOURS_MS).start({ url, method: number?.voiceMethod ?? 'POST' })
    return call
  }

  /** CallSwitch: an outgoing call, ordered by REST. */
  place(order: CallOrder): SimulatedCall {
    const plan = this.#book.plan(order.to)
    const { from, to } = order
    const call = this.#outgoing({ direction: 'outbound-api', from, to, faults: plan }, order.statusCallback, plan)
    void this.#goOut(call, order, plan)
    return call
  }

  /** CallSwitch: a change ordered by REST. Throws RestProblem 21220 when the call is not in a state for it. */
  update(call: SimulatedCall, update: CallUpdate): void {
    if (call.isOver) throw new RestProblem(21220)
    const isUp = call.status === 'in-progress'
    if ('instructions' in update) {
      if (!isUp) throw new RestProblem(21220)
      return this.#runnerOf(call, FOUR_HOURS_MS).start(update.instructions)
    }
    // A call that is up already is not touched by `canceled`.
    if (isUp && update.status === 'canceled') return
    call.finish({ status: isUp ? 'completed' : 'canceled', by: 'api' })
  }

  /** Ends what is left and frees every socket and timer. Rejects when calls were still alive, naming them. */
  async close(): Promise<void> {
    const alive = this.calls.filter((call) => !call.isOver)
    const names = alive.map((call) => `${call.sid} ${call.status} (${call.from} -> ${call.to})`)
    for (const call of alive) call.finish({ status: 'completed', by: 'carrier' })
    for (const stream of this.#strays) stream.stop()
    await this.settled()
    this.#closing.abort()
    this.#unhook()
    await this.rest.close()
    this.#timers.clearAll()
    if (names.length > 0) throw new Error(`the carrier was closed with calls still alive: ${names.join(', ')}`)
  }

  async #goOut(call: SimulatedCall, order: CallOrder, plan: CalleePlan): Promise<void> {
    const { detection, instructions, timeLimitMs } = order
    await ring(call, { ...order, queueMs: this.#queueMs() }, plan, this.#exchange)
    if (call.isOver) return
    const verdict = detection && detect(call, detection, plan, this.#exchange)
    // Without AsyncAmd the line is dead until it is known who answered, and the server is told when it is asked.
    const told = detection?.isAsync === false ? await verdict : undefined
    if (call.isOver) return
    this.#runnerOf(call, timeLimitMs).start(told && 'url' in instructions ? { ...instructions, told } : instructions)
  }

  /** A leg that `<Dial>` asks for. */
  #dialLeg(order: LegOrder): DialledLeg {
    const plan = this.#book.plan(order.to)
    const { parent, from, to } = order
    const facts: CallFacts = { direction: 'outbound-dial', from, to, faults: plan, parentSid: parent.sid }
    const call = this.#outgoing(facts, order.statusCallback, plan)
    return { call, rung: ring(call, { ...order, queueMs: 0 }, plan, this.#exchange) }
  }

  #outgoing(facts: CallFacts, callback: CallOrder['statusCallback'], plan: CalleePlan): SimulatedCall {
    const call = this.#admit(new SimulatedCall(facts, this.#exchange))
    const faults = plan.callbacks ?? this.#options.callbacks ?? {}
    if (callback) call.callbacks = new StatusCallbacks(call, this.#exchange, { ...callback, faults })
    this.caller(facts.to).joins(call)
    return call
  }

  #admit(call: SimulatedCall): SimulatedCall {
    const { keepEndedCalls = 1_000 } = this.#options
    this.calls.push(call)
    if (this.calls.length > keepEndedCalls) {
      const oldest = this.calls.findIndex((candidate) => candidate.isOver)
      if (oldest >= 0) this.calls.splice(oldest, 1)
    }
    return call
  }

  #runnerOf(call: SimulatedCall, timeLimitMs: number): TwimlRunner {
    const dialLeg = (order: LegOrder): DialledLeg => this.#dialLeg(order)
    const runner = this.#runners.get(call) ?? new TwimlRunner({ call, exchange: this.#exchange, timeLimitMs, dialLeg })
    this.#runners.set(call, runner)
    return runner
  }

  /** How long the next outgoing call has to wait for its turn. */
  #queueMs(): number {
    const { callsPerSecond = Infinity } = this.#options
    const now = this.clock.now()
    const at = Math.max(now, this.#nextDialAt)
    this.#nextDialAt = at + 1_000 / callsPerSecond
    return at - now
  }
}
