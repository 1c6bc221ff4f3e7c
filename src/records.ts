import type { CallFacts } from './directory.ts'
import { amendRecord } from './late-facts.ts'
import { pageOf } from './record-page.ts'

/** How long a call stood in one top-level state of its chart. */
export interface StateSpan {
  readonly state: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Milliseconds; undefined while it still stands there. */
  readonly ms: number | undefined
}

/** One attempt to hand the far end over to somebody else. Times are epoch milliseconds. */
export interface TransferRecord {
  /** E.164, or a SIP URI. */
  readonly to: string
  readonly startedAt: number
  readonly answeredAt: number | undefined
  readonly endedAt: number | undefined
  /** The carrier's word, or `refused`; undefined while it is under way. */
  readonly outcome: string | undefined
}

/** A recording kept by the carrier. */
export interface CarrierRecording {
  readonly recordingSid: string
  /** The carrier's word: `in-progress`, `paused`, `completed`, `failed`, `absent`. */
  readonly status: string
  readonly url: string | undefined
  readonly durationSeconds: number | undefined
}

/** Whose doing the end was. */
export type EndedBy = 'caller' | 'callee' | 'agent' | 'api' | 'system' | 'carrier'

/** A call's row. It is opened at admission, updated at each edge and closed at the end: exactly one for each leg. */
export interface CallRecord extends CallFacts {
  /** The name of the top-level state. */
  readonly state: string
  /** The latest stream's; all of them, oldest first, are in `streamSids`. */
  readonly streamSid: string | undefined
  readonly streamSids: readonly string[]
  readonly reason: string | undefined
  /** What went wrong, in words. */
  readonly cause: string | undefined
  /** Epoch milliseconds, these four; undefined for what has not come to pass. */
  readonly ringingAt: number | undefined
  readonly answeredAt: number | undefined
  readonly mediaStartedAt: number | undefined
  readonly endedAt: number | undefined
  readonly endedBy: EndedBy | undefined
  readonly states: readonly StateSpan[]
  /** The carrier's own number for what it refused, e.g. 21211. */
  readonly carrierErrorCode: number | undefined
  readonly sipCode: number | undefined
  /** What machine detection says: `human`, `machine_start`, `fax`, ... */
  readonly answeredBy: string | undefined
  readonly transfers: readonly TransferRecord[]
  readonly recordings: readonly CarrierRecording[]
  /** Where this server wrote what was said, if it did. */
  readonly audioFile: string | undefined
  /** The media figures, in their final form once the call is over. */
  readonly stats: Readonly<Record<string, unknown>>
}

/** What the carrier tells of a call, maybe after its end; what is undefined or left out says nothing. */
export type LateFacts = Partial<
  Pick<CallRecord, 'callSid' | 'sipCode' | 'carrierErrorCode' | 'answeredBy' | 'recordings'>
>

export interface RecordQuery {
  /** Epoch milliseconds: admitted at or after, and before. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** As `from` or as `to`. */
  readonly number?: string | undefined
  /** The name of a top-level state. */
  readonly state?: string | undefined
  /** Where the page before ended. */
  readonly cursor?: string | undefined
  /** Rows on a page, 1 to 1,000. */
  readonly limit: number
}

export interface RecordPage {
  /** Newest first. */
  readonly records: readonly CallRecord[]
  /** Undefined: there is nothing more. */
  readonly cursor: string | undefined
}

/**
 * A port. Implementations may be slow or fail: a call never waits for one while it lives, and never ends because of one.
 * Rows of calls that are under way are there, too.
 */
export interface RecordSink {
  opened(record: CallRecord): void | Promise<void>
  updated(record: CallRecord): void | Promise<void>
  /** Resolves when the row is where it survives this process. */
  closed(record: CallRecord): void | Promise<void>
  /** Learns more of a call that is over; one that is not here is passed over. */
  amend(key: string, facts: LateFacts): void | Promise<void>
  /** A call that ended lately, by our id or by CallSid, from memory. */
  find(key: string): CallRecord | undefined
  /** Calls that ended lately, newest first, from memory. */
  recent(): readonly CallRecord[]
  /** Any call that was kept. */
  read(key: string): Promise<CallRecord | undefined>
  /** Rejects with UsageError `QUERY_INVALID` for a cursor that is none of its own, or a limit past its bounds. */
  search(query: RecordQuery): Promise<RecordPage>
  /** Rows that an earlier process left open, oldest first: of calls whose process died. None where it cannot have any. */
  openRows?(): Promise<readonly CallRecord[]>
  /** When that process was last known to live, in epoch milliseconds. */
  readonly aliveAt?: number | undefined
  /** Resolves when everything is kept, or is known to be lost. */
  close(): Promise<void>
}

/** Enough to look back over the last busy hour; older rows are a database's business. */
export const RECENT_ROWS = 1_000

/** For one process's life. Of the calls that are over, the latest thousand are kept. */
export class MemoryRecords implements RecordSink {
  readonly #open = new Map<string, CallRecord>()
  /** By id, oldest first. */
  readonly #closed = new Map<string, CallRecord>()
  /** Of those that are over. */
  readonly #idOfSid = new Map<string, string>()

  opened(record: CallRecord): void {
    this.updated(record)
  }

  updated(record: CallRecord): void {
    // What comes late for a call that is over must not open it again: nothing would ever close it.
    if (!this.#closed.has(record.id)) this.#open.set(record.id, record)
  }

  closed(record: CallRecord): void {
    this.#open.delete(record.id)
    this.#closed.set(record.id, record)
    if (record.callSid !== undefined) this.#idOfSid.set(record.callSid, record.id)
    for (const oldest of this.#closed.values()) {
      if (this.#closed.size <= RECENT_ROWS) return
      this.#drop(oldest)
    }
  }

  amend(key: string, facts: LateFacts): void {
    const record = this.find(key)
    if (record !== undefined) this.closed(amendRecord(record, facts))
  }

  find(key: string): CallRecord | undefined {
    return this.#closed.get(this.#idOfSid.get(key) ?? key)
  }

  recent(): readonly CallRecord[] {
    return [...this.#closed.values()].toReversed()
  }

  /** Takes in calls that were over before any that is here, oldest first. */
  precede(earlier: readonly CallRecord[]): void {
    const later = [...this.#closed.values()]
    this.#closed.clear()
    for (const record of [...earlier, ...later]) this.closed(record)
  }

  /** Drops calls that ended before a time in epoch milliseconds. */
  forget(before: number): void {
    for (const record of this.#closed.values()) {
      if (record.endedAt !== undefined && record.endedAt < before) this.#drop(record)
    }
  }

  async read(key: string): Promise<CallRecord | undefined> {
    const live = this.#open.get(key) ?? [...this.#open.values()].find(({ callSid }) => callSid === key)
    return live ?? this.find(key)
  }

  async search(query: RecordQuery): Promise<RecordPage> {
    return pageOf([...this.#open.values(), ...this.#closed.values()], query)
  }

  async close(): Promise<void> {}

  #drop({ id, callSid = '' }: CallRecord): void {
    this.#closed.delete(id)
    if (this.#idOfSid.get(callSid) === id) this.#idOfSid.delete(callSid)
  }
}
