import type { CallRecord } from './records.ts'

/** A call as the API shows it. */
export interface CallView {
  readonly id: string
  readonly callSid: string | null
  readonly streamSid: string | null
  readonly direction: 'inbound' | 'outbound'
  readonly from: string
  readonly to: string
  /** The name of the statechart's top-level state. */
  readonly state: string
  readonly reason: string | null
  /** What went wrong, in words. */
  readonly cause: string | null
  readonly agent: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly endedAt: string | null
  readonly stats: Readonly<Record<string, unknown>>
}

export function toCallView(record: CallRecord): CallView {
  return {
    id: record.id,
    callSid: record.callSid ?? null,
    streamSid: record.streamSid ?? null,
    direction: record.direction,
    from: record.from,
    to: record.to,
    state: record.state,
    reason: record.reason ?? null,
    cause: record.cause ?? null,
    agent: record.agent,
    startedAt: new Date(record.startedAt).toISOString(),
    endedAt: record.endedAt === undefined ? null : new Date(record.endedAt).toISOString(),
    stats: Object.fromEntries(Object.entries(record.stats).map(([name, value]) => [name, toFigure(value)])),
  }
}

/** JSON has no undefined: a figure that was never taken is null, not absent. A microsecond is as fine as it gets. */
function toFigure(value: unknown): unknown {
  if (typeof value === 'number') return Math.round(value * 1_000) / 1_000
  if (typeof value !== 'object' || value === null) return value ?? null
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toFigure(part)]))
}
