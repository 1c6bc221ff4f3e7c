import type { LegOutcome } from '../../machines/index.ts'
import { reasonForOutcome } from '../../machines/index.ts'
import type { Carrier, PlacedCall } from '../carrier.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Endpoints } from '../endpoints.ts'
import { CarrierError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { CallRecord } from '../records.ts'
import { connectStreamTwiml } from '../twilio/twiml.ts'
import { endedByOf } from './ended-by.ts'
import type { Exchange } from './exchange.ts'
import { isOver } from './leg-status.ts'
import type { LiveCall } from './live-call.ts'

export interface OrphansOptions {
  readonly exchange: Exchange
  readonly carrier: Carrier
  readonly clock: Clock
  readonly endpoints: Endpoints
  readonly logger: Logger
  readonly epochNow: () => number
  /** What becomes of those still in progress: they get a fresh stream and their agent, or are hung up. */
  readonly fate: 'adopt' | 'hang-up'
}

/** Long enough for the carrier to notice by itself that the stream is gone, and to ask for what comes next. */
const PATIENCE_MS = 3_000
/** One that still rings, or of which the carrier could not be asked, is looked at again. */
const LOOK_EVERY_MS = 10_000
/** Looked at so often, a call has rung for an hour, or the carrier cannot be asked at all. */
const MOST_LOOKS = 360
const HUNG_UP = 'hung up after the restart'

interface Orphan {
  readonly record: CallRecord
  looks: number
}

/**
 * Calls that were under way when the process before this one died. The carrier holds them still, billed and silent: each
 * is adopted when it asks what comes next, and those of which nothing is heard are looked up. None is forgotten.
 */
export class Orphans {
  readonly #options: OrphansOptions
  /** By our id. */
  readonly #orphans = new Map<string, Orphan>()
  #aliveAt: number | undefined
  #timer: Timer
  #isOver = false

  constructor(options: OrphansOptions) {
    this.#options = options
  }

  /** How many there are still. */
  get count(): number {
    return this.#orphans.size
  }

  /** Before anybody can ask for one. @param aliveAt when their process was last alive. */
  begin(records: readonly CallRecord[], aliveAt: number | undefined): void {
    if (records.length === 0) return
    this.#aliveAt = aliveAt
    for (const record of records) this.#orphans.set(record.id, { record, looks: 0 })
    const { logger, fate } = this.#options
    logger.warn({ calls: records.length, fate }, 'an earlier process died with calls under way')
    this.#schedule(PATIENCE_MS)
  }

  /** The carrier tells the CallSid of one that had not been told before its process died. */
  learnSid(callId: string, callSid: string): void {
    const orphan = this.#orphans.get(callId)
    if (orphan?.record.callSid !== undefined || orphan === undefined) return
    this.#orphans.set(callId, { ...orphan, record: { ...orphan.record, callSid } })
  }

  find(callSid: string): CallRecord | undefined {
    for (const { record } of this.#orphans.values()) if (record.callSid === callSid) return record
    return undefined
  }

  /** Goes on with a call that the carrier asks about. Undefined when that is none of these, or it cannot be. */
  async adopt(callSid: string): Promise<LiveCall | undefined> {
    const record = this.find(callSid)
    if (record === undefined) return undefined
    const { exchange, logger, fate } = this.#options
    this.#orphans.delete(record.id)
    if (fate === 'hang-up') {
      await this.#close(record, 'server died', HUNG_UP)
      return undefined
    }
    try {
      const call = await exchange.adopt(record, this.#lostMs(record))
      logger.warn({ callId: record.id, callSid, lostMs: this.#lostMs(record) }, 'adopted a call whose process died')
      return call
    } catch (error) {
      logger.error({ callId: record.id, callSid, err: error }, 'a call whose process died cannot go on')
      await this.#close(record, 'server died', messageOf(error))
      return undefined
    }
  }

  /** The carrier says that the leg is over. */
  async noteOver(callSid: string, outcome: LegOutcome): Promise<void> {
    const record = this.find(callSid)
    if (record !== undefined) await this.#close(record, reasonForOutcome(outcome, record.direction))
  }

  /** Looks no more; what is left is there again after the next start. */
  end(): void {
    this.#isOver = true
    this.#options.clock.clearTimeout(this.#timer)
  }

  #schedule(ms: number): void {
    if (this.#isOver || this.#orphans.size === 0) return
    const { clock, logger } = this.#options
    this.#timer = clock.setTimeout(() => {
      this.#lookAtAll()
        .catch((error: unknown) => logger.error({ err: error }, 'looking after orphaned calls failed'))
        .finally(() => this.#schedule(LOOK_EVERY_MS))
    }, ms)
  }

  /** One after the other: the carrier has better things to do. */
  async #lookAtAll(): Promise<void> {
    for (const orphan of Array.from(this.#orphans.values())) {
      if (this.#isOver) return
      if (this.#orphans.has(orphan.record.id)) await this.#lookAt(orphan)
    }
  }

  async #lookAt(orphan: Orphan): Promise<void> {
    const { record } = orphan
    orphan.looks += 1
    try {
      const leg = await this.#ask(record)
      // Adopted meanwhile: it has asked by itself.
      if (!this.#orphans.has(record.id)) return
      await this.#decide(record, leg)
    } catch (error) {
      this.#options.logger.warn({ callId: record.id, callSid: record.callSid, err: error }, 'could not look a call up')
      if (orphan.looks >= MOST_LOOKS) await this.#close(record, 'server died', messageOf(error))
    }
  }

  /** Undefined when the carrier knows no such call. */
  async #ask({ callSid, to, from, startedAt }: CallRecord): Promise<PlacedCall | undefined> {
    const { carrier, exchange } = this.#options
    if (callSid !== undefined) {
      return carrier.fetchCall(callSid).catch((error: unknown) => {
        if (error instanceof CarrierError && error.code === 'CARRIER_NOT_FOUND') return undefined
        throw error
      })
    }
    // It died between asking for the call and hearing of it.
    const found = await carrier.findCalls({ to, from, since: startedAt })
    const strangers = found.filter(
      (leg) => exchange.find(leg.callSid) === undefined && this.find(leg.callSid) === undefined,
    )
    return strangers.length === 1 ? strangers[0] : undefined
  }

  async #decide(record: CallRecord, leg: PlacedCall | undefined): Promise<void> {
    if (leg === undefined) return this.#close(record, 'server died', 'the carrier knows no such call')
    const status = leg.status as Parameters<typeof isOver>[0]
    if (isOver(status)) return this.#close(record, reasonForOutcome(status, record.direction))
    if (this.#options.fate === 'hang-up' || record.callSid === undefined) return this.#hangUp(record, leg.callSid)
    // One that rings asks for its TwiML when it is answered, and then for what comes next: its old token opens nothing.
    if (status === 'in-progress') await this.#redirect(record, leg.callSid)
  }

  async #redirect(record: CallRecord, callSid: string): Promise<void> {
    const { carrier, exchange, endpoints, logger } = this.#options
    const call = await this.adopt(callSid)
    if (call === undefined) return this.#hangUp(record, callSid)
    const token = await exchange.directory.token(record.id)
    const { streamUrl, nextUrl: actionUrl } = endpoints
    try {
      await carrier.redirect(callSid, connectStreamTwiml({ streamUrl, actionUrl, parameters: { token } }))
    } catch (error) {
      // The chart waits for its stream, and hangs up when that does not come.
      logger.warn({ callId: record.id, callSid, err: error }, 'a call whose process died could not be redirected')
    }
  }

  async #hangUp(record: CallRecord, callSid: string): Promise<void> {
    this.#options.exchange.hangUpLeg(record.id, callSid)
    await this.#close({ ...record, callSid }, 'server died', HUNG_UP)
  }

  async #close(record: CallRecord, reason: string, cause?: string): Promise<void> {
    this.#orphans.delete(record.id)
    const { exchange, epochNow } = this.#options
    const endedAt = epochNow()
    const state = reason === 'server died' ? 'error' : 'ended'
    const states = record.states.map((span) => (span.ms === undefined ? { ...span, ms: endedAt - span.at } : span))
    await exchange.records.closed({
      ...record,
      state,
      reason,
      endedAt,
      cause: cause ?? record.cause,
      endedBy: endedByOf(reason),
      states: [...states, { state, at: endedAt, ms: undefined }],
    })
  }

  /** What the far end said since then, nobody has heard. */
  #lostMs({ startedAt }: CallRecord): number {
    const now = this.#options.epochNow()
    return Math.max(0, now - Math.max(this.#aliveAt ?? now, startedAt))
  }
}
