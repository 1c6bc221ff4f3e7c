import type { CallRecord } from '../records.ts'

/** The day on which a call ended, in UTC, as `2026-11-25`; while it has not, the day on which it began. */
export function dayOf({ startedAt, endedAt }: CallRecord): string {
  return new Date(endedAt ?? startedAt).toISOString().slice(0, 10)
}

/** What every line has, first and in this order. The application's parameters stay on this server: they may hold anything. */
const ALWAYS = [
  'id',
  'callSid',
  'streamSids',
  'direction',
  'from',
  'to',
  'agent',
  'startedAt',
  'ringingAt',
  'answeredAt',
  'mediaStartedAt',
  'endedAt',
  'state',
  'reason',
  'cause',
  'endedBy',
  'carrierErrorCode',
  'sipCode',
  'answeredBy',
  'states',
  'transfers',
  'recordings',
  'audioFile',
  'stats',
] as const satisfies readonly (keyof CallRecord)[]
const NEVER = new Set(['parameters', 'streamSid'])

/** What stands alone in a row needs a name that says whose it is. */
const RENAMED: Readonly<Record<string, string>> = { id: 'call_id', startedAt: 'created_at' }

/** A row as a line of JSON for whoever counts calls elsewhere: snake case, times in ISO 8601, null for what is not known. */
export function toExportLine(record: CallRecord): string {
  const always = ALWAYS.map((name) => [name, record[name]] as const)
  const others = Object.entries(record).filter(([name]) => !NEVER.has(name))
  const line = { ...Object.fromEntries(always), ...Object.fromEntries(others) }
  const columns = Object.entries(line).map(([name, value]) => [
    RENAMED[name] ?? toSnakeCase(name),
    toPlain(name, value),
  ])
  return `${JSON.stringify(Object.fromEntries(columns))}\n`
}

function toPlain(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((part) => toPlain('', part))
  // The keys of tags are the application's own words.
  if (typeof value === 'object' && value !== null) return name === 'tags' ? value : snakeCased(value)
  return typeof value === 'number' && /^at$|At$/.test(name) ? toTime(value) : (value ?? null)
}

function snakeCased(values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [toSnakeCase(name), toPlain(name, value)]))
}

function toSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function toTime(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString()
}
