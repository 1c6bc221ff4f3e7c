import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from '../errors.ts'
import { archivePath } from './archive-path.ts'
import { openForReading } from './database.ts'
import { dayOf, toExportLine } from './export-line.ts'
import { COLUMNS, fromRow } from './row.ts'
import { requireVersion } from './schema.ts'

export interface ExportedCalls {
  readonly calls: number
  /** Names of the files in the folder, oldest day first. */
  readonly files: readonly string[]
}

const SELECT = `SELECT ${COLUMNS.join(', ')} FROM calls ORDER BY coalesce(ended_at, created_at), call_id`

/**
 * Writes every row of the archive in `folder` to `to` as JSON lines, a file for each day in UTC; files of these names
 * that are there are replaced. A server may be running meanwhile. Blocks until it is done.
 *
 * Throws ConfigurationError `CONFIG_INVALID` where there is no archive, or one of another version.
 */
export function exportAll({ folder, to }: { readonly folder: string; readonly to: string }): ExportedCalls {
  const path = archivePath(folder)
  if (!existsSync(path)) throw new ConfigurationError('CONFIG_INVALID', `expected a call archive, found no ${path}`)
  const database = openForReading(path)
  try {
    requireVersion(database)
    mkdirSync(to, { recursive: true, mode: 0o700 })
    const rows = database.prepare(SELECT).raw().iterate() as Iterable<unknown[]>
    return writeDays(to, rows)
  } finally {
    database.close()
  }
}

/** @param rows in the order of their days. */
function writeDays(to: string, rows: Iterable<unknown[]>): ExportedCalls {
  const files: string[] = []
  let calls = 0
  let current: DayFile | undefined
  try {
    for (const row of rows) {
      const record = fromRow(row)
      const name = `${dayOf(record)}.jsonl`
      if (current?.name !== name) {
        current?.finish()
        current = new DayFile(to, name)
        files.push(name)
      }
      current.write(toExportLine(record))
      calls += 1
    }
    current?.finish()
  } finally {
    current?.close()
  }
  return { calls, files }
}

/** Takes its name when it is whole: nobody finds half a day. */
class DayFile {
  readonly name: string
  readonly #path: string
  readonly #file: number
  #isOpen = true

  constructor(folder: string, name: string) {
    this.name = name
    this.#path = join(folder, name)
    this.#file = openSync(`${this.#path}.part`, 'w', 0o600)
  }

  write(line: string): void {
    const bytes = Buffer.from(line)
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at)
  }

  finish(): void {
    fsyncSync(this.#file)
    this.close()
    renameSync(`${this.#path}.part`, this.#path)
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#file)
    this.#isOpen = false
  }
}
