/**
 * A recording of a leg, as the carrier makes one on request: no audio is kept, but its times, its states and the news of
 * it are as they would be. It ends with the call, unless it was stopped before, and is a file a little later.
 *
 * https://www.twilio.com/docs/voice/api/recording
 *
 * Invariants: it stops once; after that its duration stands; `completed`, `absent` and `failed` are never told before
 * the call's end or the stop.
 */

import type { SimulatedCall } from './call.ts'
import { toRfc2822 } from './call-form.ts'
import { type CallbackFaults, type CallbackTarget, deliver, type Form } from './callback-delivery.ts'
import type { Exchange } from './exchange.ts'
import { sleep } from './waiting.ts'

export type RecordingStatus = 'in-progress' | 'paused' | 'stopped' | 'processing' | 'completed' | 'absent' | 'failed'
export type RecordingEvent = 'in-progress' | 'completed' | 'absent'

export interface RecordingFaults {
  /** What becomes of it; default `completed`, or `absent` when it is shorter than a second. */
  readonly outcome?: 'completed' | 'absent' | 'failed'
  /** From its end until there is a file; default 1,000. */
  readonly processingMs?: number
  /** How its callbacks are delivered. */
  readonly callbacks?: CallbackFaults
}

export interface RecordingOrder {
  readonly channels: 'mono' | 'dual'
  readonly track: 'inbound' | 'outbound' | 'both'
  readonly callback: (CallbackTarget & { readonly events: ReadonlySet<RecordingEvent> }) | undefined
}

const PROCESSING_MS = 1_000
const SHORTEST_MS = 1_000
/** https://www.twilio.com/docs/api/errors/16101 (too short) and 16102 (silent) */
const ABSENT = { tooShort: 16101, silent: 16102 } as const

export class CallRecording {
  readonly sid: string
  readonly channels: RecordingOrder['channels']
  readonly track: RecordingOrder['track']
  status: RecordingStatus = 'in-progress'
  readonly startedAt: number
  endedAt: number | undefined
  /** Why there is no file; 0 when there is nothing to say. */
  errorCode = 0
  readonly #call: SimulatedCall
  readonly #exchange: Exchange
  readonly #order: RecordingOrder
  /** Since when it has been running; undefined while a pause leaves nothing behind. */
  #runsSince: number | undefined
  #recordedMs = 0
  readonly #onOver = () => this.#end('processing')

  constructor(call: SimulatedCall, order: RecordingOrder, exchange: Exchange) {
    this.#call = call
    this.#order = order
    this.#exchange = exchange
    this.sid = exchange.random.sid('RE')
    this.channels = order.channels
    this.track = order.track
    this.startedAt = exchange.clock.now()
    this.#runsSince = this.startedAt
    call.over.addEventListener('abort', this.#onOver)
    this.#tell('in-progress')
  }

  get isOver(): boolean {
    return this.endedAt !== undefined
  }

  /** Without what was skipped. */
  get durationMs(): number {
    return this.#recordedMs + (this.#runsSince === undefined ? 0 : this.#exchange.clock.now() - this.#runsSince)
  }

  /** Where the file would lie. */
  get url(): string {
    const { apiUrl, accountSid } = this.#exchange
    return `${apiUrl()}/2010-04-01/Accounts/${accountSid}/Recordings/${this.sid}`
  }

  /** `silence` takes the pause's place in the recording, `skip` leaves it out. */
  pause(behaviour: 'silence' | 'skip'): void {
    if (this.status !== 'in-progress') return
    this.status = 'paused'
    if (behaviour === 'skip') this.#halt()
  }

  resume(): void {
    if (this.status !== 'paused') return
    this.status = 'in-progress'
    this.#runsSince ??= this.#exchange.clock.now()
  }

  stop(): void {
    this.#end('stopped')
  }

  #halt(): void {
    this.#recordedMs = this.durationMs
    this.#runsSince = undefined
  }

  #end(status: 'stopped' | 'processing'): void {
    if (this.isOver) return
    // A call may have any number of recordings, one after the other.
    this.#call.over.removeEventListener('abort', this.#onOver)
    this.#halt()
    this.status = status
    this.endedAt = this.#exchange.clock.now()
    void this.#process()
  }

  async #process(): Promise<void> {
    const { clock, closing } = this.#exchange
    const { processingMs = PROCESSING_MS, outcome } = this.#call.faults.recordings ?? {}
    await sleep(clock, processingMs, closing)
    const isShort = this.#recordedMs < SHORTEST_MS
    this.status = outcome ?? (isShort ? 'absent' : 'completed')
    if (this.status === 'absent') this.errorCode = isShort ? ABSENT.tooShort : ABSENT.silent
    // A failure has no event of its own; whoever waits for the file is told.
    this.#tell(this.status === 'absent' ? 'absent' : 'completed')
  }

  #tell(event: RecordingEvent): void {
    const { callback } = this.#order
    if (callback === undefined || !callback.events.has(event)) return
    const faults = this.#call.faults.recordings?.callbacks ?? {}
    void deliver(this.#call, this.#exchange, { ...callback, faults, what: 'recording callback' }, [this.#form()])
  }

  #form(): Form {
    const { accountSid, dateAt } = this.#exchange
    return {
      RecordingSource: 'StartCallRecordingAPI',
      RecordingTrack: this.track,
      RecordingSid: this.sid,
      RecordingUrl: this.url,
      RecordingStatus: this.status,
      RecordingChannels: this.channels === 'dual' ? '2' : '1',
      ErrorCode: String(this.errorCode),
      CallSid: this.#call.sid,
      RecordingStartTime: toRfc2822(dateAt(this.startedAt)),
      AccountSid: accountSid,
      ...(this.isOver ? { RecordingDuration: String(Math.round(this.#recordedMs / 1_000)) } : {}),
    }
  }
}
