import { deepEqual, equal } from 'node:assert/strict'
import { CALL_SID, CallUnderTest, type CallOptions, TIMING } from '../machines/call-under-test.ts'
import type { PhoneCallEvent, Wait } from './phone-call-events.ts'
import { isFault, type PhoneCallContext } from './phone-call-model.ts'
import type { PhoneCallSnapshot } from './phone-call-paths.ts'

/** One way through the model, walked by the real chart with fake children: what to do for each event, what to look at in each state. */

type Executors = {
  readonly [T in PhoneCallEvent['type']]: (event: Extract<PhoneCallEvent, { type: T }>) => unknown
}

interface View {
  readonly state: 'idle' | 'connecting' | 'active' | 'stopping'
  /** What is heard and played: the children of the media plane. */
  readonly running: readonly string[]
  /** Whose answer is awaited. */
  readonly asked: readonly string[]
}

const BOTH_WAYS = ['inbound', 'outbound']

/** What the real call must look like in each state of the model but the last. */
export const VIEWS: Readonly<Record<string, View>> = {
  announced: { state: 'idle', running: [], asked: [] },
  queued: { state: 'connecting', running: [], asked: ['turn'] },
  'ordering.asked': { state: 'connecting', running: [], asked: ['placeCall'] },
  'ordering.putOff': { state: 'connecting', running: [], asked: [] },
  askedAgain: { state: 'connecting', running: [], asked: ['placeCall'] },
  unwanted: { state: 'connecting', running: [], asked: ['placeCall'] },
  'unsure.waiting': { state: 'connecting', running: [], asked: [] },
  'unsure.looking': { state: 'connecting', running: [], asked: ['findCall'] },
  ringing: { state: 'connecting', running: [], asked: [] },
  expecting: { state: 'connecting', running: [], asked: [] },
  'talking.heard': { state: 'active', running: BOTH_WAYS, asked: ['agent'] },
  'talking.quiet': { state: 'active', running: BOTH_WAYS, asked: ['agent'] },
  'cutOff.dropped': { state: 'active', running: BOTH_WAYS, asked: ['agent'] },
  'cutOff.mute': { state: 'active', running: BOTH_WAYS, asked: ['agent'] },
  farewell: { state: 'stopping', running: ['outbound'], asked: [] },
  'doubtful.waiting': { state: 'stopping', running: [], asked: [] },
  'doubtful.looking': { state: 'stopping', running: [], asked: ['findCall'] },
  hangingUp: { state: 'stopping', running: [], asked: ['hangUp'] },
  lettingGo: { state: 'stopping', running: [], asked: ['release'] },
}

const WAITS_MS: Readonly<Record<Wait, number>> = {
  idle: TIMING.idleMs,
  queue: TIMING.queueMs,
  // Of the command to the carrier: the first repeat, and the patience with an answer to a dial.
  backoff: 250,
  answer: 9_000,
  ring: TIMING.ringMs,
  stream: TIMING.streamMs,
  silence: TIMING.silenceMs,
  grace: TIMING.graceMs,
  limit: TIMING.limitMs,
  drain: TIMING.drainMs,
  doubt: TIMING.doubtMs,
  settle: TIMING.settleMs,
  lookUp: TIMING.lookUpMs,
  hangUp: TIMING.hangUpMs,
  release: TIMING.releaseMs,
}

const fault = (code: string) => ({ code, message: `the carrier said ${code}` })

export class PhoneCallRun {
  readonly call: CallUnderTest
  readonly states: Readonly<Record<string, (snapshot: PhoneCallSnapshot) => void>>
  #streams = 0
  #digits = 0
  /** Where it stood when it was looked at last. */
  #state: View['state'] | undefined
  #answeredBy: string | undefined
  /** The clock's time of the first stream: the call's limit counts from there, whatever else has had its time. */
  #talkingSince = 0

  constructor(options: CallOptions) {
    this.call = new CallUnderTest(options)
    const views = Object.entries(VIEWS).map(([key, view]) => [key, this.#looksLike.bind(this, view)] as const)
    this.states = {
      ...Object.fromEntries(views),
      over: ({ context }) => this.#isOver(context),
      '*': ({ value }) => {
        throw new Error(`expected a check for every state of the model, got none for ${JSON.stringify(value)}`)
      },
    }
  }

  readonly does: Executors = {
    'server.connects': () => this.call.tell({ type: 'call.connect' }),
    'server.adopts': () => this.call.tell({ type: 'call.adopt' }),
    'server.letsGo': () => this.call.answer('release'),
    'server.cannotLetGo': () => this.call.fail('release', new Error('stuck')),
    'turn.comes': () => this.call.answer('turn'),
    'turn.isDenied': () => this.call.fail('turn', new Error('too many wait')),
    'carrier.accepts': () => this.call.answer('placeCall', CALL_SID),
    'carrier.refuses': ({ code }) => this.call.fail('placeCall', fault(code)),
    'carrier.isBusy': () => this.call.fail('placeCall', fault('CARRIER_RATE_LIMITED')),
    'carrier.fails': ({ code }) => this.call.fail('placeCall', fault(code)),
    'carrier.finds': () => this.call.answer('findCall', CALL_SID),
    'carrier.findsNothing': () => this.call.answer('findCall'),
    'carrier.cannotLook': () => this.call.fail('findCall', fault('CARRIER_REFUSED')),
    'carrier.hangsUp': () => this.call.answer('hangUp'),
    'carrier.doesNotHangUp': () => this.call.fail('hangUp', fault('CARRIER_REFUSED')),
    'phone.rings': () => this.call.tell({ type: 'leg.ringing', callSid: CALL_SID }),
    'phone.isAnswered': () => this.call.tell({ type: 'leg.answered', callSid: CALL_SID }),
    'leg.ends': ({ outcome }) => this.call.tell({ type: 'leg.ended', callSid: CALL_SID, outcome }),
    'answerer.isDetected': () => {
      if (this.#state === 'connecting' || this.#state === 'active') this.#answeredBy = 'human'
      this.call.tell({ type: 'leg.detected', answeredBy: 'human' })
    },
    'stream.opens': () => {
      this.#streams += 1
      if (this.#streams === 1) this.#talkingSince = this.call.clock.now()
      this.#start()
    },
    'stream.opensAgain': () => this.#start(),
    'stream.isForeign': () => this.call.tell({ type: 'stream.refused', cause: 'expected audio/x-mulaw' }),
    'stream.dies': () => this.#lose(this.#streams),
    'stream.stalls': () => this.call.report('outbound', { type: 'queue.stalled', at: this.call.clock.now() }),
    'stream.stops': () => this.#stop(this.#streams),
    'stream.goesQuiet': () => this.call.report('inbound', { type: 'media.silent', at: this.call.clock.now() }),
    'stream.isHeard': () => this.call.report('inbound', { type: 'media.resumed' }),
    'oldStream.dies': () => this.#lose(0),
    'oldStream.stops': () => this.#stop(0),
    'caller.presses': () => {
      if (this.call.running.includes('inbound')) this.#digits += 1
      this.call.report('inbound', { type: 'digit.received' })
    },
    'agent.returns': () => this.call.answer('agent'),
    'agent.throws': () => this.call.fail('agent', new Error('boom')),
    'speech.isPlayed': () => this.call.report('outbound', { type: 'playback.drained' }),
    'speech.pilesUp': () => this.call.report('outbound', { type: 'queue.overflowed' }),
    'api.hangsUp': ({ reason }) => this.call.tell({ type: 'call.hangUp', reason }),
    'api.finishes': ({ reason }) => this.call.tell({ type: 'call.finish', reason }),
    'time.idle': () => this.#pass('idle'),
    'time.queue': () => this.#pass('queue'),
    'time.backoff': () => this.#pass('backoff'),
    'time.answer': () => this.#pass('answer'),
    'time.ring': () => this.#pass('ring'),
    'time.stream': () => this.#pass('stream'),
    'time.silence': () => this.#pass('silence'),
    'time.grace': () => this.#pass('grace'),
    'time.limit': () => this.#pass('limit', this.call.clock.now() - this.#talkingSince),
    'time.drain': () => this.#pass('drain'),
    'time.doubt': () => this.#pass('doubt'),
    'time.settle': () => this.#pass('settle'),
    'time.lookUp': () => this.#pass('lookUp'),
    'time.hangUp': () => this.#pass('hangUp'),
    'time.release': () => this.#pass('release'),
  }

  #start() {
    if (this.#streams > 0) {
      this.call.tell({ type: 'stream.started', streamSid: `MZ${this.#streams}`, callSid: CALL_SID })
    }
  }

  #lose(stream: number) {
    this.call.tell({ type: 'stream.lost', at: this.call.clock.now(), cause: '1006', streamSid: `MZ${stream}` })
  }

  #stop(stream: number) {
    this.call.tell({ type: 'stream.stopped', streamSid: `MZ${stream}` })
  }

  /** Neither earlier nor later. */
  async #pass(wait: Wait, passedMs = 0) {
    const before = this.call.where
    await this.call.wait(WAITS_MS[wait] - passedMs - 1)
    equal(this.call.where, before)
    await this.call.wait(1)
  }

  #looksLike(view: View, { context }: PhoneCallSnapshot): void {
    const { call } = this
    this.#state = view.state
    const [state] = call.where.split('.')
    const { running, asked, reason } = call
    deepEqual({ state, running, asked, reason }, { ...view, reason: context.reason })
    this.#hasBeenTold(context)
    if (view.state === 'active') {
      deepEqual(
        { streamSid: call.context.streamSid, losses: call.detached },
        {
          streamSid: `MZ${context.streams}`,
          losses: context.losses,
        },
      )
    }
    equal(call.context.digits, this.#digits)
    equal(call.context.answeredBy, this.#answeredBy)
  }

  #isOver(context: PhoneCallContext): void {
    const { state, reason, cause } = this.call.output
    const last = isFault(context.reason) ? 'error' : 'ended'
    deepEqual(
      { where: this.call.where, state, reason, isBlamed: cause !== undefined },
      {
        where: last,
        state: last,
        reason: context.reason,
        isBlamed: context.isBlamed,
      },
    )
    this.#hasBeenTold(context)
  }

  /** What the carrier was asked for, and how often our own side was told to let go. */
  #hasBeenTold({ orders, isHungUpOn }: PhoneCallContext): void {
    const { sent, begun } = this.call
    deepEqual(
      {
        orders: sent.filter((one) => one === 'placeCall').length,
        hangUps: [...new Set(sent.filter((one) => one.startsWith('hangUp')))],
        releases: begun.filter((one) => one === 'release').length <= 1,
      },
      { orders, hangUps: isHungUpOn ? [`hangUp ${CALL_SID}`] : [], releases: true },
    )
  }
}
