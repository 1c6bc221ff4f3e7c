import { amendRecord, mergeFacts } from '../late-facts.ts'
import type { CallRecord, LateFacts } from '../records.ts'
import type { Batch } from './batch.ts'
import { type Row, toRow } from './row.ts'

/** A batch is put into words on the thread that paces audio: two milliseconds of it. */
const BATCH_ROWS = 200

interface Waiting<T> {
  readonly content: T
  /** Whoever waits for it to be written. */
  readonly settle: readonly (() => void)[]
}

interface Load {
  readonly rows: Map<string, Waiting<CallRecord>>
  readonly amendments: Map<string, Waiting<LateFacts>>
}

export interface WaitingRowsOptions {
  /** Calls of which something may wait; what comes on top is lost. */
  readonly maxWaiting: number
  /** A row that cannot be put into words is lost, too. */
  readonly onFault: (error: unknown) => void
}

/** What is to be written: of each call its latest row, and what was learned of calls whose rows are written already. */
export class WaitingRows {
  readonly #options: WaitingRowsOptions
  #waiting = emptyLoad()
  /** What the worker has been given and has not yet confirmed. */
  #underWay: Load | undefined
  #lost = 0

  constructor(options: WaitingRowsOptions) {
    this.#options = options
  }

  /** Rows and amendments. */
  get size(): number {
    return sizeOf(this.#waiting) + (this.#underWay === undefined ? 0 : sizeOf(this.#underWay))
  }

  /** Rows and amendments that were never written. */
  get lost(): number {
    return this.#lost
  }

  put(record: CallRecord, ...settle: readonly (() => void)[]): void {
    const { rows } = this.#waiting
    const before = rows.get(record.id)
    // A call that is over stays so.
    const isLate = before?.content.endedAt !== undefined && record.endedAt === undefined
    const content = isLate ? before.content : record
    this.#add(rows, record.id, { content, settle: [...(before?.settle ?? []), ...settle] })
  }

  /** @param key our id or a CallSid. */
  amend(key: string, facts: LateFacts, ...settle: readonly (() => void)[]): void {
    const { rows, amendments } = this.#waiting
    const row = rows.get(key) ?? [...rows.values()].find(({ content }) => content.callSid === key)
    if (row !== undefined) {
      this.put(amendRecord(row.content, facts), ...settle)
      return
    }
    const before = amendments.get(key)
    const content = mergeFacts(before?.content ?? {}, facts)
    this.#add(amendments, key, { content, settle: [...(before?.settle ?? []), ...settle] })
  }

  /** The next batch; undefined when nothing waits, or while one is under way. */
  take(): Batch | undefined {
    if (this.#underWay !== undefined || sizeOf(this.#waiting) === 0) return undefined
    const taken = emptyLoad()
    const batch: { rows: Row[]; amendments: Batch['amendments'][number][] } = { rows: [], amendments: [] }
    this.#underWay = taken
    for (const [id, row] of first(this.#waiting.rows, BATCH_ROWS)) {
      this.#waiting.rows.delete(id)
      try {
        batch.rows.push(toRow(row.content))
        taken.rows.set(id, row)
      } catch (error) {
        this.#lose(row)
        this.#options.onFault(error)
      }
    }
    // None before the row that it is about.
    for (const [key, amendment] of first(this.#waiting.amendments, BATCH_ROWS - taken.rows.size)) {
      this.#waiting.amendments.delete(key)
      taken.amendments.set(key, amendment)
      batch.amendments.push({ key, facts: amendment.content })
    }
    return batch
  }

  /** The batch that is under way is written, but for some that could not be. */
  noteKept(lost: number): void {
    for (const { settle } of contentsOf(this.#underWay)) for (const each of settle) each()
    this.#underWay = undefined
    this.#lost += lost
  }

  /** Whoever had the batch is gone: it waits again, where nothing newer does. */
  putBack(): void {
    const { rows, amendments } = this.#underWay ?? emptyLoad()
    const since = this.#waiting
    this.#underWay = undefined
    this.#waiting = { rows, amendments }
    for (const [, { content, settle }] of since.rows) this.put(content, ...settle)
    for (const [key, { content, settle }] of since.amendments) this.amend(key, content, ...settle)
  }

  /** Nothing will be written any more; returns how much is lost by it. */
  giveUp(): number {
    this.putBack()
    const waiting = contentsOf(this.#waiting)
    for (const each of waiting) this.#lose(each)
    this.#waiting = emptyLoad()
    return waiting.length
  }

  /** The latest row of each call that is not written yet. */
  records(): readonly CallRecord[] {
    const rows = new Map([...(this.#underWay?.rows ?? []), ...this.#waiting.rows])
    return [...rows.values()].map(({ content }) => content)
  }

  #add<T>(to: Map<string, Waiting<T>>, key: string, waiting: Waiting<T>): void {
    if (to.has(key) || this.size < this.#options.maxWaiting) to.set(key, waiting)
    else this.#lose(waiting)
  }

  #lose({ settle }: Waiting<unknown>): void {
    this.#lost += 1
    for (const each of settle) each()
  }
}

function emptyLoad(): Load {
  return { rows: new Map(), amendments: new Map() }
}

function sizeOf({ rows, amendments }: Load): number {
  return rows.size + amendments.size
}

function contentsOf(load: Load | undefined): readonly Waiting<unknown>[] {
  return load === undefined ? [] : [...load.rows.values(), ...load.amendments.values()]
}

function first<T>(entries: Map<string, T>, count: number): readonly [string, T][] {
  return [...entries].slice(0, count)
}
