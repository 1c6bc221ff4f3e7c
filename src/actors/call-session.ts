import type { CallEvent, RecordingNews, TransferOutput } from '../../machines/index.ts'
import type { Agent, CallEdge, CallEnding, HoldOptions, TransferOptions, TransferResult } from '../agents/agent.ts'
import type { MachineDetection } from '../carrier.ts'
import type { Clock } from '../clock.ts'
import { type CarrierError, UsageError } from '../errors.ts'
import type { CallFacts } from '../directory.ts'
import { requireHoldAudio } from '../media/hold-music.ts'
import { MediaPlane, type MediaPlaneOptions } from '../media/media-plane.ts'
import type { Happenings } from '../recorder.ts'
import { parsePhoneNumber } from '../twilio/phone-number.ts'
import type { TransferTarget } from '../twilio/transfer-target.ts'
import type { CallAccount } from './call-account.ts'
import { RecordingControl, type RecordingWish } from './recording-control.ts'

type FarEndGone = Extract<CallEvent, { type: 'leg.ended' | 'stream.stopped' }>

/** The carrier counts from the answer, which we are told of a while later. */
const TOLD_LATE_MS = 1_000

/** What placing a call needs beyond its facts. */
export interface DialTerms {
  readonly ringTimeoutSeconds: number
  readonly timeLimitSeconds: number
  readonly machineDetection?: MachineDetection | undefined
}

/** A transfer as the carrier is asked for it. */
export interface TransferRequest {
  readonly target: TransferTarget
  /** E.164; without it, the target sees the far end's own number. */
  readonly from: string | undefined
  readonly ringTimeoutSeconds: number
}

/** What a session asks of those who know more than one call. */
export interface CallPolicy {
  /** Throws AdmissionError or UsageError unless a call may be transferred there. */
  readonly requireTarget: (to: string) => TransferTarget
  /** Throws ConfigurationError `AGENT_UNKNOWN`. */
  readonly requireAgent: (name: string) => Agent
}

export interface CallSessionOptions {
  readonly facts: CallFacts
  readonly agent: Agent
  readonly terms: DialTerms
  readonly policy: CallPolicy
  readonly account: CallAccount
  /** It was under way already, in a process that has died. */
  readonly adopted?: { readonly lostMs: number } | undefined
  /** Whether the call's stream is, or was, up and nothing has ended it. */
  readonly isActive: () => boolean
  readonly media: Omit<MediaPlaneOptions, 'report' | 'onListenerFault' | 'onFault'>
  /** Tells the call's chart. */
  readonly send: (event: CallEvent) => void
  /** Where what happens in the call is told. */
  readonly story?: Happenings | undefined
  /** Runs the agent where the call is traced; just runs it unless given. */
  readonly within?: (<Result>(act: () => Result) => Result) | undefined
}

const TRANSFER_RING_SECONDS = 30
/** A margin over the carrier's own ring timeout, which is the one that should decide. */
const TRANSFER_MARGIN_MS = 10_000
const TRANSFERRING = 'expected a call that is not being transferred, got one that is'

/** Twilio's own bounds for a `<Dial>`'s timeout. */
function requireRingSeconds(seconds: number): void {
  if (Number.isSafeInteger(seconds) && seconds >= 5 && seconds <= 600) return
  throw new UsageError('TRANSFER_TARGET_INVALID', `expected 5 to 600 whole seconds to ring, got ${seconds}`)
}

/** What a session does to the agent that is running. */
export interface AgentRun {
  readonly end: (reason: Error) => void
  readonly fail: (error: unknown) => void
}

const OVER = new Error('the call is over')
const atOnce = <Result>(act: () => Result): Result => act()

/** Finds a call's session, which outlives its chart; throws when there is none. */
export type SessionOf = (callId: string) => CallSession

/**
 * Everything one call owns. It lives from admission to the end, whatever becomes of the chart, and is released in one
 * place, once.
 */
export class CallSession {
  readonly terms: DialTerms
  readonly account: CallAccount
  readonly adopted: { readonly lostMs: number } | undefined
  readonly plane: MediaPlane
  readonly ended: Promise<CallEnding>
  readonly story: Happenings | undefined
  /** The carrier's latest refusal, with all it said. */
  carrierError: CarrierError | undefined
  readonly send: (event: CallEvent) => void
  readonly within: <Result>(act: () => Result) => Result
  /** What the carrier is to be asked for while a transfer is under way. */
  transferRequest: TransferRequest | undefined
  /** The call's turn to be dialled has come, and was not used yet. */
  hasTurn = false
  readonly recording = new RecordingControl()
  readonly #clock: Clock
  readonly #policy: CallPolicy
  readonly #isActive: () => boolean
  /** Made for the first who asks, since hardly anybody does. */
  #abort: AbortController | undefined
  #isReleased = false
  #run: AgentRun | undefined
  /** What a listener threw before there was an agent to fail by it. */
  #fault: { readonly error: unknown } | undefined
  /** Replaced, never changed: what is being iterated stays as it is. */
  #listeners: readonly ((edge: CallEdge) => void)[] = []
  #facts: CallFacts
  #agent: Agent
  #endTransfer: ((result: TransferResult) => void) | undefined
  /** The far end talks with the target, although the carrier has not told of an answer. */
  #isPresumedBridged = false
  #hold: HoldOptions | undefined
  /** Since when nothing of the far end is heard, although it may speak; on the call's clock. */
  #lostAt: number | undefined
  #settle!: (ending: CallEnding) => void

  constructor(options: CallSessionOptions) {
    this.#facts = options.facts
    this.#agent = options.agent
    this.#clock = options.media.clock
    this.#policy = options.policy
    this.#isActive = options.isActive
    this.account = options.account
    this.adopted = options.adopted
    this.#lostAt = options.adopted && options.media.clock.now() - options.adopted.lostMs
    this.terms = options.terms
    this.send = options.send
    this.story = options.story
    this.within = options.within ?? atOnce
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.plane = new MediaPlane({
      report: (edge) => this.emit(edge),
      onListenerFault: (error) => this.#noteListenerFault(error),
      onFault: (error) =>
        this.send({ type: 'call.hangUp', reason: 'internal error', cause: `the media plane failed: ${String(error)}` }),
      ...options.media,
    })
  }

  /** The agent's code; another's after a transfer that named one for the call's return. */
  get agent(): Agent {
    return this.#agent
  }

  get facts(): CallFacts {
    return this.#facts
  }

  /** Aborted when everything was released. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#isReleased) this.#abort.abort(OVER)
    return this.#abort.signal
  }

  /** An agent runs: it is told of the call's end, and fails by what a listener of its own throws, or has thrown. */
  attend(run: AgentRun): void {
    this.#run = run
    if (this.#fault !== undefined) run.fail(this.#fault.error)
    if (this.#isReleased) run.end(OVER)
  }

  /** Learns what only the carrier knew: an outbound call's CallSid, and the parameters of a stream's own TwiML. */
  learn(facts: { callSid: string; parameters?: Readonly<Record<string, string>> }): void {
    // What the application said of the call stands above what came over the wire.
    const parameters = { ...facts.parameters, ...this.#facts.parameters }
    this.#facts = { ...this.#facts, callSid: this.#facts.callSid ?? facts.callSid, parameters }
  }

  /** Calls `listener` at every edge. What it throws is the agent's fault, and the end of this call only. */
  onEdge(listener: (edge: CallEdge) => void): () => void {
    this.#listeners = this.#listeners.concat(listener)
    return () => this.#forget(listener)
  }

  emit(edge: CallEdge): void {
    for (const listener of this.#listeners) {
      // It may have left while another was being told.
      if (!this.#listeners.includes(listener)) continue
      try {
        listener(edge)
      } catch (error) {
        this.#forget(listener)
        this.#noteListenerFault(error)
      }
    }
  }

  #forget(listener: (edge: CallEdge) => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener)
  }

  #noteListenerFault(error: unknown): void {
    this.#fault ??= { error }
    this.#run?.fail(error)
  }

  /**
   * The leg is over, or its stream. The carrier ends an outgoing call at the limit that it was given, and says no more than
   * that the far end has gone: it is the limit that has ended it then.
   */
  noteFarEndGone(event: FarEndGone): void {
    const isOrdinary = event.type === 'stream.stopped' || event.outcome === 'completed'
    if (isOrdinary && this.#isAtLimit) this.send({ type: 'call.hangUp', reason: 'time limit' })
    this.send(event)
  }

  get #isAtLimit(): boolean {
    const limitMs = this.terms.timeLimitSeconds * 1_000
    return this.facts.direction === 'outbound' && this.account.answeredForMs >= limitMs - TOLD_LATE_MS
  }

  /** Its audio is lost until there is a fresh stream, from now on unless said. */
  noteStreamLost(since = this.#clock.now()): void {
    this.#lostAt ??= since
    this.emit({ type: 'stream.lost' })
  }

  /** For the chart: the stream is given up, though its socket may not know. Who talks to somebody else has lost nothing. */
  dropStream(): void {
    const { stream, inbound } = this.plane
    this.plane.detach()
    if (stream !== undefined && this.transferRequest === undefined) this.noteStreamLost(inbound.lastMediaAt)
  }

  noteStreamStarted(streamSid: string): void {
    const lostMs = this.#lostAt === undefined ? 0 : Math.round(this.#clock.now() - this.#lostAt)
    this.#lostAt = undefined
    this.emit({ type: 'stream.started', streamSid, lostMs })
  }

  noteAnsweredBy(answeredBy: string): void {
    if (this.account.told.answeredBy === answeredBy) return
    this.account.note({ answeredBy })
    this.send({ type: 'leg.detected', answeredBy })
    this.emit({ type: 'answered.by', answeredBy })
  }

  hold(options: HoldOptions = {}): void {
    this.#requireActive('to put on hold')
    if (this.transferRequest !== undefined) throw new UsageError('CALL_BUSY', TRANSFERRING)
    if (this.isHeld) return
    requireHoldAudio(options.audio, options.rate)
    this.#hold = options
    this.send({ type: 'call.hold' })
  }

  resume(): void {
    if (this.isHeld) this.send({ type: 'call.resume' })
  }

  get isHeld(): boolean {
    return this.#hold !== undefined
  }

  /** For the chart: the line is on hold from now on. */
  beginHold(): void {
    this.plane.hold(this.#hold?.audio, this.#hold?.rate)
    this.emit({ type: 'hold.started' })
  }

  endHold(): void {
    this.#hold = undefined
    this.plane.resume()
    this.emit({ type: 'hold.ended' })
  }

  /** Settles when the far end has come back, or for good. Throws UsageError, AdmissionError or ConfigurationError. */
  transfer(to: string, options: TransferOptions & { readonly isUrgent?: boolean } = {}): Promise<TransferResult> {
    this.#requireActive('to transfer')
    if (this.transferRequest !== undefined) throw new UsageError('CALL_BUSY', TRANSFERRING)
    const successor = options.returnTo === undefined ? undefined : this.#policy.requireAgent(options.returnTo)
    const { ringTimeoutSeconds = TRANSFER_RING_SECONDS, isUrgent = false } = options
    const from = options.from === undefined ? this.#ownNumber : parsePhoneNumber(options.from)
    requireRingSeconds(ringTimeoutSeconds)
    const target = this.#policy.requireTarget(to)
    this.transferRequest = { target, from, ringTimeoutSeconds }
    this.account.beginTransfer(to)
    this.#isPresumedBridged = false
    const ended = new Promise<TransferResult>((resolve) => {
      this.#endTransfer = resolve
    })
    this.emit({ type: 'transfer.started' })
    const ringMs = ringTimeoutSeconds * 1_000 + TRANSFER_MARGIN_MS
    this.send({ type: 'call.transfer', isUrgent, hasSuccessor: successor !== undefined, ringMs })
    if (successor !== undefined) this.#agent = successor
    return ended
  }

  presumeBridged(): void {
    this.#isPresumedBridged = true
  }

  noteTransferEnded({ outcome, cause }: TransferOutput): void {
    if (this.transferRequest === undefined) return
    this.transferRequest = undefined
    this.account.endTransfer(outcome)
    this.#endTransfer?.({ outcome, cause })
    this.#endTransfer = undefined
    this.emit({ type: 'transfer.ended', outcome })
  }

  /** The carrier has refused something that was asked for this call. */
  noteRefusal(refusal: CarrierError): void {
    this.carrierError = refusal
    if (refusal.carrierCode !== undefined) this.account.note({ carrierErrorCode: refusal.carrierCode })
  }

  /** Asks for a change of the carrier's recording. Throws UsageError `CALL_OVER`, or `CALL_BUSY` if it makes no sense now. */
  record(wish: RecordingWish, channels: 'mono' | 'dual' = 'dual'): void {
    this.#requireActive('to record')
    this.send(this.recording.wish(wish, channels))
  }

  noteRecording(news: RecordingNews): void {
    this.recording.note(news, this.account)
    this.emit({ type: 'recording.changed', status: news.status, cause: news.cause })
  }

  noteDigit(digit: string): void {
    this.plane.noteDigit(digit)
    this.emit({ type: 'digit.received', digit })
  }

  /** Closes the socket, cuts what is playing, ends every listener, aborts the signal. Idempotent. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    // Of two who talk, one hanging up is how it is meant to end.
    const hasTalked = this.#isPresumedBridged || this.account.told.transfers.at(-1)?.answeredAt !== undefined
    this.noteTransferEnded({ outcome: hasTalked ? 'completed' : 'canceled', cause: 'the call is over' })
    this.#listeners = []
    this.plane.release()
    this.#run?.end(OVER)
    this.#abort?.abort(OVER)
  }

  /** Waits on the call's clock, until `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<'slept' | 'over'> {
    if (signal.aborted) return Promise.resolve('over')
    return new Promise((resolve) => {
      const end = (how: 'slept' | 'over') => {
        this.#clock.clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        resolve(how)
      }
      const onAbort = () => end('over')
      const timer = this.#clock.setTimeout(() => end('slept'), ms)
      signal.addEventListener('abort', onAbort)
    })
  }

  #requireActive(what: string): void {
    if (this.#isActive()) return
    throw new UsageError('CALL_OVER', `expected a call in progress ${what}, got one that is not`)
  }

  /** Ours, of the two numbers: what the one who is called next may see. */
  get #ownNumber(): string | undefined {
    const { direction, from, to } = this.#facts
    const own = direction === 'inbound' ? to : from
    return own.startsWith('+') ? own : undefined
  }

  /** Settles `ended`; only the first ending counts. */
  settle(ending: CallEnding): void {
    this.#settle(ending)
  }
}
