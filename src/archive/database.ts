import Database from 'libsql'

export type ArchiveDatabase = Database.Database

/** An outside reader, or a copy being made, may hold things up for a moment. */
const BUSY_MS = 1_000

/** What a row can be to blame for; everything else is the disk's or the file's fault, and may pass. */
const ROW_FAULT = /^SQLITE_(?:CONSTRAINT|TOOBIG|MISMATCH|RANGE)/

/** Opens a database, or makes one. What is committed has been synced; what is deleted is overwritten. */
export function openDatabase(path: string): ArchiveDatabase {
  const database = new Database(path, { timeout: BUSY_MS })
  database.exec('PRAGMA synchronous = FULL')
  // The pragmas below answer with a row, which `exec` does not ask for.
  database.pragma('journal_mode = WAL')
  database.pragma('secure_delete = ON')
  database.pragma('journal_size_limit = 16777216')
  return database
}

/** Opens a database to look at it only, beside whoever writes to it. */
export function openForReading(path: string): ArchiveDatabase {
  const database = new Database(path, { timeout: BUSY_MS })
  database.exec('PRAGMA query_only = ON')
  return database
}

/** Opens a database that nobody else can open until it is closed; undefined when somebody else has it so. */
export function openUnshared(path: string): ArchiveDatabase | undefined {
  const database = new Database(path)
  try {
    // No file beside it, for which a full disk would have no room.
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
}

/** All of it or nothing; throws what `work` throws. */
export function inTransaction<T>(database: ArchiveDatabase, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // A full disk has often undone it already.
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Rows as arrays, in the order of the columns. */
export function rowsOf(database: ArchiveDatabase, sql: string, ...values: readonly Value[]): unknown[][] {
  return database
    .prepare(sql)
    .raw()
    .all(...values) as unknown[][]
}

/** What a column can hold. */
export type Value = string | number | null

/** True when one row, and not the file, is what is wrong. */
export function isRowFault(error: unknown): boolean {
  if (!(error instanceof Database.SqliteError)) return !isOpeningFault(error)
  return ROW_FAULT.test(error.code)
}

/** The file is no database of ours, and will not become one by waiting. */
export function isNoDatabase(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === 'SQLITE_NOTADB'
}

/** Nothing is wrong with what is open: there is no room, or somebody else has it just now. */
export function isPassing(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(?:FULL|BUSY)/.test(error.code)
}

/** The library has no code for a file that cannot be opened. */
function isOpeningFault(error: unknown): boolean {
  return error instanceof Error && error.message.includes('ConnectionFailed')
}
