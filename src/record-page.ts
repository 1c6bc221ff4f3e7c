import { UsageError } from './errors.ts'
import type { CallRecord, RecordPage, RecordQuery } from './records.ts'

/** How calls are looked for and leafed through, the same whoever keeps them: newest first, by admission and then by id. */

const MAX_LIMIT = 1_000

/** Where a row stands in that order. */
export type RowPlace = Pick<CallRecord, 'startedAt' | 'id'>

/** One page of `records`, which may come in any order. Throws UsageError `QUERY_INVALID`. */
export function pageOf(records: readonly CallRecord[], query: RecordQuery): RecordPage {
  const after = requirePlace(query)
  const found = records
    .filter((record) => matches(record, query) && (after === undefined || byPlace(record, after) > 0))
    .toSorted(byPlace)
  return toPage(found, query.limit)
}

/** @param found what there is from the page's first row on, in order; one more than `limit` of them is enough. */
export function toPage(found: readonly CallRecord[], limit: number): RecordPage {
  const records = found.slice(0, limit)
  const last = records.at(-1)
  return { records, cursor: found.length > limit && last !== undefined ? toCursor(last) : undefined }
}

/** The last row of the page before, if there was one. Throws UsageError `QUERY_INVALID` for a query that makes no sense. */
export function requirePlace({ cursor, limit }: RecordQuery): RowPlace | undefined {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new UsageError('QUERY_INVALID', `expected a limit from 1 to ${MAX_LIMIT}, got ${limit}`)
  }
  return cursor === undefined ? undefined : parseCursor(cursor)
}

/** Less than zero when `a` comes first. */
export function byPlace(a: RowPlace, b: RowPlace): number {
  if (a.startedAt !== b.startedAt) return b.startedAt - a.startedAt
  if (a.id === b.id) return 0
  return a.id < b.id ? 1 : -1
}

export function matches(record: CallRecord, { since, until, number, state }: RecordQuery): boolean {
  return (
    (since === undefined || record.startedAt >= since) &&
    (until === undefined || record.startedAt < until) &&
    (number === undefined || record.from === number || record.to === number) &&
    (state === undefined || record.state === state)
  )
}

function toCursor({ startedAt, id }: RowPlace): string {
  return Buffer.from(JSON.stringify([startedAt, id])).toString('base64url')
}

function parseCursor(text: string): RowPlace {
  const place = toPlace(text)
  // Node's decoder passes over what is not base64: only what we would write ourselves is ours.
  if (place !== undefined && toCursor(place) === text) return place
  throw new UsageError('QUERY_INVALID', `expected a cursor as an earlier page gave it, got ${quote(text)}`)
}

function toPlace(text: string): RowPlace | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (!Array.isArray(parsed) || parsed.length !== 2) return undefined
    const [startedAt, id] = parsed as [unknown, unknown]
    return typeof startedAt === 'number' && typeof id === 'string' ? { startedAt, id } : undefined
  } catch {
    return undefined
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}
