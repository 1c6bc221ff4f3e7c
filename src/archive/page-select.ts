import type { RowPlace } from '../record-page.ts'
import type { RecordQuery } from '../records.ts'
import type { Value } from './database.ts'
import { COLUMNS } from './row.ts'

type Term = readonly [sql: string, ...values: Value[]]

const ORDER = 'ORDER BY created_at DESC, call_id DESC LIMIT ?'

/**
 * The page of a query and the first row after it, as SQL and the values of its question marks. Each way of looking has
 * an index in the order of the pages, so that a page costs the same wherever it is and however many there are.
 */
export function toSelect(query: RecordQuery, after: RowPlace | undefined): Term {
  const { number } = query
  const terms = termsOf(query, after)
  if (number === undefined) return select(terms, query.limit)
  // Two searches, since one for either of two columns would have to sort all that it finds.
  const [from, ...fromValues] = select([['"from" = ?', number], ...terms], query.limit)
  const [to, ...toValues] = select([['"to" = ?', number], ['"from" <> ?', number], ...terms], query.limit)
  const sql = `SELECT * FROM (${from}) UNION ALL SELECT * FROM (${to}) ${ORDER}`
  return [sql, ...fromValues, ...toValues, query.limit + 1]
}

function select(terms: readonly Term[], limit: number): Term {
  const where = terms.length === 0 ? '' : `WHERE ${terms.map(([sql]) => sql).join(' AND ')}`
  const values = terms.flatMap(([, ...rest]) => rest)
  return [`SELECT ${COLUMNS.join(', ')} FROM calls ${where} ${ORDER}`, ...values, limit + 1]
}

function termsOf({ since, until, number, state }: RecordQuery, after: RowPlace | undefined): Term[] {
  const terms: Term[] = []
  if (since !== undefined) terms.push(['created_at >= ?', since])
  if (until !== undefined) terms.push(['created_at < ?', until])
  // With a number, that is the rarer of the two: the plus keeps SQLite from looking by state.
  if (state !== undefined) terms.push([number === undefined ? 'state = ?' : '+state = ?', state])
  if (after !== undefined) terms.push(['(created_at, call_id) < (?, ?)', after.startedAt, after.id])
  return terms
}
