import type { CallRecord } from '../records.ts'
import type { Value } from './database.ts'

/** A call's row as the database and the worker have it: the columns' values in order, then the rest as JSON. */
export type Row = readonly Value[]

/** What has a column of its own: what is searched for, and what somebody with SQL would look at first. */
const FIELDS = {
  call_id: 'id',
  call_sid: 'callSid',
  direction: 'direction',
  from: 'from',
  to: 'to',
  agent: 'agent',
  state: 'state',
  reason: 'reason',
  ended_by: 'endedBy',
  created_at: 'startedAt',
  ringing_at: 'ringingAt',
  answered_at: 'answeredAt',
  media_started_at: 'mediaStartedAt',
  ended_at: 'endedAt',
  carrier_error_code: 'carrierErrorCode',
  sip_code: 'sipCode',
  answered_by: 'answeredBy',
} as const satisfies Record<string, keyof CallRecord>

const NAMES = Object.values(FIELDS)
const IN_COLUMNS = new Set<string>(NAMES)

/** Quoted, since two of them are words of SQL. */
export const COLUMNS: readonly string[] = [...Object.keys(FIELDS), 'more'].map((name) => `"${name}"`)

/** Throws for what JSON cannot say, such as a bigint among the figures. */
export function toRow(record: CallRecord): Row {
  const rest = Object.entries(record).filter(([name]) => !IN_COLUMNS.has(name))
  return [...NAMES.map((name) => record[name] ?? null), JSON.stringify(Object.fromEntries(rest))]
}

export function fromRow(row: readonly unknown[]): CallRecord {
  const more = JSON.parse(String(row[NAMES.length])) as Partial<CallRecord>
  return { ...more, ...Object.fromEntries(NAMES.map((name, index) => [name, row[index] ?? undefined])) } as CallRecord
}
