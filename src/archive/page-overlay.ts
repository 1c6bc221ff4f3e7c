import { byPlace, pageOf } from '../record-page.ts'
import type { CallRecord, RecordPage, RecordQuery } from '../records.ts'

/** The archive's page with rows that are on their way there, which stand for its own of the same calls. */
export function withWaiting(page: RecordPage, waiting: readonly CallRecord[], query: RecordQuery): RecordPage {
  if (waiting.length === 0) return page
  // What comes after the archive's last row belongs to a later page, among rows that this one does not have.
  const last = page.cursor === undefined ? undefined : page.records.at(-1)
  const here = waiting.filter((record) => last === undefined || byPlace(record, last) <= 0)
  const ids = new Set(waiting.map(({ id }) => id))
  const kept = page.records.filter(({ id }) => !ids.has(id))
  const { records, cursor } = pageOf([...here, ...kept], query)
  return { records, cursor: cursor ?? page.cursor }
}
