import type { CallFacts } from './directory.ts'

/** A call's row. It is opened at admission, updated at each edge and closed at the end: exactly one for each leg. */
export interface CallRecord extends CallFacts {
  readonly state: string
  readonly streamSid: string | undefined
  readonly reason: string | undefined
  /** What went wrong, in words. */
  readonly cause: string | undefined
  /** Epoch milliseconds; undefined while the call lives. */
  readonly endedAt: number | undefined
  /** The media figures, in their final form once the call is over. */
  readonly stats: Readonly<Record<string, unknown>>
}

/** A port. Implementations may be slow or fail: a call never waits for one, and never ends because of one. */
export interface RecordSink {
  opened(record: CallRecord): void | Promise<void>
  updated(record: CallRecord): void | Promise<void>
  closed(record: CallRecord): void | Promise<void>
  /** A call that is over, by our id or by CallSid. */
  find(key: string): CallRecord | undefined
  /** Calls that are over, newest first. */
  recent(): readonly CallRecord[]
}

/** Enough to look back over the last busy hour; older rows are a database's business. */
const KEPT = 1_000

export class MemoryRecords implements RecordSink {
  /** By id, oldest first. */
  readonly #closed = new Map<string, CallRecord>()
  readonly #idOfSid = new Map<string, string>()

  opened(): void {}

  updated(): void {}

  closed(record: CallRecord): void {
    this.#closed.set(record.id, record)
    if (record.callSid !== undefined) this.#idOfSid.set(record.callSid, record.id)
    for (const { id, callSid = '' } of this.#closed.values()) {
      if (this.#closed.size <= KEPT) return
      this.#closed.delete(id)
      if (this.#idOfSid.get(callSid) === id) this.#idOfSid.delete(callSid)
    }
  }

  find(key: string): CallRecord | undefined {
    return this.#closed.get(this.#idOfSid.get(key) ?? key)
  }

  recent(): readonly CallRecord[] {
    return [...this.#closed.values()].toReversed()
  }
}
