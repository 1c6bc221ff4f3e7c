import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { CallRecord } from '../records.ts'
import { dayOf, toExportLine } from './export-line.ts'

const NEW_LINE = '\n'.charCodeAt(0)

/**
 * Appends the rows to `FOLDER/YYYY-MM-DD.jsonl`, each to the day of its end, synced when it returns. Throws when the
 * disk does; then some of the lines may be there, and will be there twice when it is tried again.
 */
export function appendToDayFiles(folder: string, records: readonly CallRecord[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const days = new Map<string, string>()
  for (const record of records) {
    const day = dayOf(record)
    days.set(day, (days.get(day) ?? '') + toExportLine(record))
  }
  for (const [day, lines] of days) append(join(folder, `${day}.jsonl`), lines)
}

function append(path: string, lines: string): void {
  const file = openSync(path, 'a+', 0o600)
  try {
    const bytes = Buffer.from(endsTorn(file) ? `\n${lines}` : lines)
    // A full disk takes a part.
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Whoever wrote before us may have died in the middle of a line. */
function endsTorn(file: number): boolean {
  const { size } = fstatSync(file)
  const last = Buffer.alloc(1)
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== NEW_LINE
}
