/**
 * One leg between the carrier and a person's telephone: where it stands, what was said and heard on it, and the levers
 * with which a test makes trouble. How it came to be is inbound's or outbound's business, what it does while it is up
 * the TwiML runner's.
 *
 * Invariants: a call ends exactly once; after that its status, times and streams never change.
 */

import type { Timer } from '../clock.ts'
import type { CallStatus } from '../twilio/webhooks.ts'
import type { Bridge } from './bridge.ts'
import type { CallRecording, RecordingFaults } from './call-recording.ts'
import { type CallReport, reportOf } from './call-report.ts'
import type { Exchange } from './exchange.ts'
import type { AnsweredBy } from './machine-detection.ts'
import type { MediaStream } from './media-stream.ts'
import type { StreamScript } from './replay-script.ts'
import { SpeechQueue } from './speech-queue.ts'
import type { StatusCallbacks } from './status-callbacks.ts'
import { type Audible, renderHeard } from './timeline.ts'
import type { Warning } from './warnings.ts'

export type EndedBy = 'caller' | 'callee' | 'api' | 'twiml' | 'carrier'

export interface CallFaults {
  /** `<Connect>` waits for ever for a socket that is never opened. */
  readonly streamNeverComes?: boolean
  /** The stream's customParameters besides those of the TwiML, which win. */
  readonly customParameters?: Readonly<Record<string, string>>
  /** What each media stream brings, one after the other, in the place of what the person says. */
  readonly scripts?: readonly StreamScript[]
  /** What becomes of the call's recordings, and how the server is told of it. */
  readonly recordings?: RecordingFaults
}

export interface CallFacts {
  /** `outbound-dial` is a leg that another one has dialled. */
  readonly direction: 'inbound' | 'outbound-api' | 'outbound-dial'
  readonly from: string
  readonly to: string
  readonly faults: CallFaults
  /** The leg that has dialled this one. */
  readonly parentSid?: string
}

export interface CallEnding {
  readonly status: 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'
  readonly by: EndedBy
  /** Why the callee could not be connected: https://www.twilio.com/docs/voice/api/call-resource#statuscallback */
  readonly sipCode?: number
}

export class SimulatedCall {
  readonly sid: string
  readonly direction: CallFacts['direction']
  readonly from: string
  readonly to: string
  readonly parentSid: string | undefined
  readonly faults: CallFaults
  status: CallStatus
  readonly createdAt: number
  answeredAt: number | undefined
  endedAt: number | undefined
  endedBy: EndedBy | undefined
  /** How an incoming call was refused by `<Reject>`. */
  rejection: 'rejected' | 'busy' | undefined
  /** Has the server answered the voice webhook, or failed to? */
  isRouted = false
  /** Every media stream of the call, in order; more than one when a lost one was replaced. */
  readonly streams: MediaStream[] = []
  /** Joined to another leg, now or earlier. */
  bridge: Bridge | undefined
  /** What was heard over each bridge, in order. */
  readonly ears: Audible[] = []
  /** In the order of their beginning; at most the last one is still going on. */
  readonly recordings: CallRecording[] = []
  /** What answering machine detection has found. */
  answeredBy: AnsweredBy | undefined
  /** The verbs of each TwiML document that was fetched. */
  readonly documents: string[] = []
  /** What Twilio's debugger would show, each kind once per stream. */
  readonly warnings: Warning[] = []
  readonly speech = new SpeechQueue()
  callbacks: StatusCallbacks | undefined
  readonly #exchange: Exchange
  readonly #over = new AbortController()
  readonly #pickedUp = new AbortController()
  #timeLimit: Timer

  constructor(facts: CallFacts, exchange: Exchange) {
    this.#exchange = exchange
    this.sid = exchange.random.sid('CA')
    this.direction = facts.direction
    this.from = facts.from
    this.to = facts.to
    this.parentSid = facts.parentSid
    this.faults = facts.faults
    this.status = facts.direction === 'inbound' ? 'ringing' : 'queued'
    this.createdAt = exchange.clock.now()
  }

  /** Aborted when the call is over. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Aborted when the callee lifts the receiver by hand. */
  get pickedUp(): AbortSignal {
    return this.#pickedUp.signal
  }

  get isOver(): boolean {
    return this.endedAt !== undefined
  }

  /** The latest stream. */
  get stream(): MediaStream | undefined {
    return this.streams.at(-1)
  }

  get isStreaming(): boolean {
    return this.stream?.isFlowing === true
  }

  /** Is the person talking to another one? */
  get isBridged(): boolean {
    return this.bridge?.isOver === false
  }

  /** How long it has been, or was, answered; undefined when it never was. */
  get durationMs(): number | undefined {
    return this.answeredAt === undefined ? undefined : this.#until - this.answeredAt
  }

  /** How much of the server's audio has really been played to the person, in milliseconds, without silence. */
  get positionHeardMs(): number {
    return this.streams.reduce((sum, stream) => sum + (stream.playout?.heardMs(stream.heardUntil) ?? 0), 0)
  }

  /** What the person has heard since the call was answered, 8 kHz, silence included. */
  heard(): Int16Array {
    return renderHeard([...this.streams, ...this.ears], this.answeredAt ?? this.createdAt, this.#until)
  }

  report(): CallReport {
    return reportOf(this)
  }

  // Levers for tests; each acts on the latest stream.

  mute(): void {
    this.stream?.mute()
  }

  unmute(): void {
    this.stream?.unmute()
  }

  skip(ms: number): void {
    this.stream?.skip(ms)
  }

  sendRaw(data: string | Uint8Array): void {
    this.stream?.sendRaw(data)
  }

  sendBytes(bytes: Uint8Array): void {
    this.stream?.sendBytes(bytes)
  }

  /** The media socket is reset without `stop`; the call goes on with its TwiML. */
  loseStream(): void {
    this.stream?.lose()
  }

  /** The network between carrier and server swallows everything; the call stays up and silent. */
  halfOpen(): void {
    this.stream?.halfOpen()
  }

  stopReading(): void {
    this.stream?.stopReading()
  }

  startReading(): void {
    this.stream?.startReading()
  }

  // What the carrier does with the call.

  advanceTo(status: 'initiated' | 'ringing'): void {
    if (this.isOver) return
    this.status = status
    this.callbacks?.report(status)
  }

  pickUp(): void {
    this.#pickedUp.abort()
  }

  answer(timeLimitMs: number): void {
    if (this.isOver || this.answeredAt !== undefined) return
    const { clock } = this.#exchange
    this.status = 'in-progress'
    this.answeredAt = clock.now()
    this.#timeLimit = clock.setTimeout(() => this.finish({ status: 'completed', by: 'carrier' }), timeLimitMs)
    this.callbacks?.report('answered')
  }

  warn(warning: Warning): void {
    this.warnings.push(warning)
    this.#exchange.warn(warning)
  }

  /** The first ending counts. */
  finish(ending: CallEnding): void {
    if (this.isOver) return
    const { clock } = this.#exchange
    this.status = ending.status
    this.endedAt = clock.now()
    this.endedBy = ending.by
    clock.clearTimeout(this.#timeLimit)
    this.speech.clear()
    this.#over.abort()
    this.callbacks?.report('completed', ending.sipCode)
  }

  get #until(): number {
    return this.endedAt ?? this.#exchange.clock.now()
  }
}
