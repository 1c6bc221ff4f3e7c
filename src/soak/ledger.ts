import type { CallRecord, LateFacts, RecordPage, RecordQuery, RecordSink } from '../records.ts'

/** How often a call's row was opened and closed. */
export interface Entry {
  opened: number
  closed: number
  /** It is where it survives the process, as far as it can be. */
  isKept: boolean
  record: CallRecord
}

/** By this name a call's parameters carry its key. */
export const KEY_PARAMETER = 'soak'

/** The server's records, counted on their way to where they are kept. */
export class Ledger implements RecordSink {
  readonly #sink: RecordSink
  readonly #entries = new Map<string, Entry>()
  /** Calls that are over, in all. */
  closings = 0

  constructor(sink: RecordSink) {
    this.#sink = sink
  }

  /** Of calls that have not been settled yet. */
  get entries(): readonly Entry[] {
    return [...this.#entries.values()]
  }

  /** The rows of one call, by whatever tells whose they are: more than one, if the server took it for more. */
  of(key: string, callSid: string | undefined): readonly Entry[] {
    return this.entries.filter(({ record }) => {
      const isOfLeg = callSid !== undefined && record.callSid === callSid
      return isOfLeg || (record.parameters[KEY_PARAMETER] === key && record.callSid === undefined)
    })
  }

  keyOf(id: unknown): string | undefined {
    return typeof id === 'string' ? this.#entries.get(id)?.record.parameters[KEY_PARAMETER] : undefined
  }

  /** These have been judged. */
  settle(entries: readonly Entry[]): void {
    for (const { record } of entries) this.#entries.delete(record.id)
  }

  opened(record: CallRecord): void | Promise<void> {
    const entry = this.#entries.get(record.id)
    if (entry === undefined) this.#entries.set(record.id, { opened: 1, closed: 0, isKept: false, record })
    else entry.opened += 1
    return this.#sink.opened(record)
  }

  updated(record: CallRecord): void | Promise<void> {
    const entry = this.#entries.get(record.id)
    if (entry !== undefined) entry.record = record
    return this.#sink.updated(record)
  }

  closed(record: CallRecord): void | Promise<void> {
    const entry = this.#entries.get(record.id) ?? { opened: 0, closed: 0, isKept: false, record }
    this.#entries.set(record.id, entry)
    entry.closed += 1
    this.closings += 1
    entry.record = record
    const keeping = this.#sink.closed(record)
    const note = () => {
      entry.isKept = true
    }
    if (keeping === undefined) note()
    else keeping.then(note, note)
    return keeping
  }

  amend(key: string, facts: LateFacts): void | Promise<void> {
    return this.#sink.amend(key, facts)
  }

  find(key: string): CallRecord | undefined {
    return this.#sink.find(key)
  }

  recent(): readonly CallRecord[] {
    return this.#sink.recent()
  }

  read(key: string): Promise<CallRecord | undefined> {
    return this.#sink.read(key)
  }

  search(query: RecordQuery): Promise<RecordPage> {
    return this.#sink.search(query)
  }

  close(): Promise<void> {
    return this.#sink.close()
  }
}
