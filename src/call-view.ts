import type { CallRecord, CarrierRecording, EndedBy, StateSpan, TransferRecord } from './records.ts'

/** A call as the API shows it. Times are ISO 8601; what has not come to pass is null. */
export interface CallView {
  readonly id: string
  readonly callSid: string | null
  /** The latest stream's; all of them, oldest first, are in `streamSids`. */
  readonly streamSid: string | null
  readonly streamSids: readonly string[]
  readonly direction: 'inbound' | 'outbound'
  readonly from: string
  readonly to: string
  /** The name of the statechart's top-level state. */
  readonly state: string
  readonly reason: string | null
  /** What went wrong, in words. */
  readonly cause: string | null
  readonly agent: string
  readonly startedAt: string
  readonly ringingAt: string | null
  readonly answeredAt: string | null
  readonly mediaStartedAt: string | null
  readonly endedAt: string | null
  readonly endedBy: EndedBy | null
  /** What machine detection says: `human`, `machine_start`, `fax`, ... */
  readonly answeredBy: string | null
  /** The top-level states so far, oldest first. */
  readonly states: readonly StateSpanView[]
  /** The carrier's own number for what it refused. */
  readonly carrierErrorCode: number | null
  readonly sipCode: number | null
  readonly transfers: readonly TransferView[]
  readonly recordings: readonly CarrierRecordingView[]
  /** Where this server wrote what was said. */
  readonly audioFile: string | null
  readonly stats: Readonly<Record<string, unknown>>
}

export interface StateSpanView {
  readonly state: string
  readonly at: string
  /** Milliseconds; null while it still stands there. */
  readonly ms: number | null
}

export interface TransferView {
  readonly to: string
  readonly startedAt: string
  readonly answeredAt: string | null
  readonly endedAt: string | null
  /** Null while it is under way. */
  readonly outcome: string | null
}

export interface CarrierRecordingView {
  readonly recordingSid: string
  readonly status: string
  readonly url: string | null
  readonly durationSeconds: number | null
}

export function toCallView(record: CallRecord): CallView {
  return {
    id: record.id,
    callSid: record.callSid ?? null,
    streamSid: record.streamSid ?? null,
    streamSids: record.streamSids,
    direction: record.direction,
    from: record.from,
    to: record.to,
    state: record.state,
    reason: record.reason ?? null,
    cause: record.cause ?? null,
    agent: record.agent,
    startedAt: toTime(record.startedAt),
    ringingAt: toTimeIfAny(record.ringingAt),
    answeredAt: toTimeIfAny(record.answeredAt),
    mediaStartedAt: toTimeIfAny(record.mediaStartedAt),
    endedAt: toTimeIfAny(record.endedAt),
    endedBy: record.endedBy ?? null,
    answeredBy: record.answeredBy ?? null,
    states: record.states.map(toStateSpanView),
    carrierErrorCode: record.carrierErrorCode ?? null,
    sipCode: record.sipCode ?? null,
    transfers: record.transfers.map(toTransferView),
    recordings: record.recordings.map(toCarrierRecordingView),
    audioFile: record.audioFile ?? null,
    stats: Object.fromEntries(Object.entries(record.stats).map(([name, value]) => [name, toFigure(value)])),
  }
}

function toStateSpanView({ state, at, ms }: StateSpan): StateSpanView {
  return { state, at: toTime(at), ms: ms === undefined ? null : Math.round(ms) }
}

function toTransferView({ to, startedAt, answeredAt, endedAt, outcome }: TransferRecord): TransferView {
  return {
    to,
    startedAt: toTime(startedAt),
    answeredAt: toTimeIfAny(answeredAt),
    endedAt: toTimeIfAny(endedAt),
    outcome: outcome ?? null,
  }
}

function toCarrierRecordingView(recording: CarrierRecording): CarrierRecordingView {
  const { recordingSid, status, url = null, durationSeconds = null } = recording
  return { recordingSid, status, url, durationSeconds }
}

function toTime(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

function toTimeIfAny(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : toTime(epochMs)
}

/** JSON has no undefined: a figure that was never taken is null, not absent. A microsecond is as fine as it gets. */
function toFigure(value: unknown): unknown {
  if (typeof value === 'number') return Math.round(value * 1_000) / 1_000
  if (typeof value !== 'object' || value === null) return value ?? null
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toFigure(part)]))
}
