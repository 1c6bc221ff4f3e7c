import { amendRecord } from '../late-facts.ts'
import type { CallRecord, RecordPage, RecordQuery } from '../records.ts'
import { requirePlace, toPage } from '../record-page.ts'
import type { Amendment, Batch } from './batch.ts'
import { type ArchiveDatabase, inTransaction, isRowFault, openDatabase, rowsOf, type Value } from './database.ts'
import { toSelect } from './page-select.ts'
import { COLUMNS, fromRow, type Row, toRow } from './row.ts'
import { migrate } from './schema.ts'

/** No call lasts as long: a row that nobody closed is over by then all the same. */
const LONGEST_CALL_MS = 24 * 3_600_000

const SELECT = `SELECT ${COLUMNS.join(', ')} FROM calls`
const INSERT =
  `INSERT INTO calls (${COLUMNS.join(', ')}, export_due) VALUES (${COLUMNS.map(() => '?').join(', ')}, ?) ` +
  `ON CONFLICT (call_id) DO UPDATE SET ${COLUMNS.map((name) => `${name} = excluded.${name}`).join(', ')}, ` +
  // A row that is closed stays closed: a late update of a live call does not open it again.
  'export_due = excluded.export_due WHERE excluded.ended_at IS NOT NULL OR calls.ended_at IS NULL'
const ENDED_AT = COLUMNS.indexOf('"ended_at"')

const NEVER_CLOSED = 'ended_at IS NULL AND created_at < ?'
const first = (where: string) => `SELECT call_id FROM (SELECT call_id FROM calls WHERE ${where} LIMIT ?)`

/** The rows of all calls in one SQLite file. Every method blocks until the disk has answered. */
export class CallStore {
  readonly #database: ArchiveDatabase
  readonly #isExported: boolean

  /**
   * @param isExported whether rows that are closed are to be exported.
   * Throws ConfigurationError `CONFIG_INVALID` for the file of a newer program.
   */
  constructor(path: string, isExported: boolean) {
    this.#database = openDatabase(path)
    this.#isExported = isExported
    try {
      migrate(this.#database)
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /**
   * Writes the batch, synced when it returns. What cannot be kept for a reason of its own is left out; returns why, one
   * for each. Throws, and has written nothing, when the disk or the file is to blame.
   */
  keep({ rows, amendments }: Batch): readonly unknown[] {
    const steps = [
      ...rows.map((row) => () => this.#put(row)),
      ...amendments.map((amendment) => () => this.#amend(amendment)),
    ]
    try {
      inTransaction(this.#database, () => {
        for (const step of steps) step()
      })
      return []
    } catch (error) {
      if (!isRowFault(error)) throw error
      return steps.flatMap((step) => this.#faultOf(step))
    }
  }

  /** By our id, or the newest with a CallSid. */
  read(key: string): CallRecord | undefined {
    const [record] = this.#select('WHERE call_id = ?', key)
    return record ?? this.#select('WHERE call_sid = ? ORDER BY created_at DESC LIMIT 1', key)[0]
  }

  /** Throws UsageError `QUERY_INVALID`. */
  search(query: RecordQuery): RecordPage {
    const { limit } = query
    const [sql, ...values] = toSelect(query, requirePlace(query))
    return toPage(rowsOf(this.#database, sql, ...values).map(fromRow), limit)
  }

  /** Rows that nobody closed, the newest at the end; at most `limit` of them. */
  open(limit: number): readonly CallRecord[] {
    return this.#select('WHERE ended_at IS NULL ORDER BY created_at DESC LIMIT ?', limit).toReversed()
  }

  /** Those that ended last, oldest first. */
  latest(limit: number): readonly CallRecord[] {
    return this.#select('WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT ?', limit).toReversed()
  }

  /**
   * Deletes rows of calls that ended before a time in epoch milliseconds, and of those that nobody closed and that must
   * have ended by then; at most `limit` of either kind. Returns how many.
   */
  forget(before: number, limit: number): number {
    const sql = `DELETE FROM calls WHERE call_id IN (${first('ended_at < ?')} UNION ALL ${first(NEVER_CLOSED)})`
    return this.#database.prepare(sql).run(before, limit, before - LONGEST_CALL_MS, limit).changes
  }

  /** Rows that are to be exported, those that ended first at the beginning. */
  toExport(limit: number): readonly CallRecord[] {
    return this.#select('WHERE export_due = 1 ORDER BY ended_at LIMIT ?', limit)
  }

  noteExported(records: readonly CallRecord[]): void {
    inTransaction(this.#database, () => {
      const note = this.#database.prepare('UPDATE calls SET export_due = 0 WHERE call_id = ?')
      for (const { id } of records) note.run(id)
    })
  }

  /** Puts everything into the one file, where nothing stands in the way, and empties its log. */
  checkpoint(): void {
    this.#database.pragma('wal_checkpoint(TRUNCATE)')
  }

  close(): void {
    try {
      this.checkpoint()
    } finally {
      this.#database.close()
    }
  }

  #put(row: Row): void {
    const isDue = this.#isExported && row[ENDED_AT] !== null
    this.#database.prepare(INSERT).run(...row, isDue ? 1 : 0)
  }

  #amend({ key, facts }: Amendment): void {
    const record = this.read(key)
    if (record !== undefined) this.#put(toRow(amendRecord(record, facts)))
  }

  #faultOf(step: () => void): readonly unknown[] {
    try {
      inTransaction(this.#database, step)
      return []
    } catch (error) {
      if (isRowFault(error)) return [error]
      throw error
    }
  }

  #select(rest: string, ...values: readonly Value[]): CallRecord[] {
    return rowsOf(this.#database, `${SELECT} ${rest}`, ...values).map(fromRow)
  }
}
