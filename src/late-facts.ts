import type { CallRecord, CarrierRecording, LateFacts } from './records.ts'

/** The carrier's callbacks overtake each other: what is final stays, whatever comes after it. */
const FINAL = new Set(['completed', 'failed', 'absent'])

/** The row with what was learned; recordings are told apart by their RecordingSid. */
export function amendRecord(record: CallRecord, facts: LateFacts): CallRecord {
  return { ...record, ...mergeFacts(record, facts) }
}

/** What is known after `later` has come on top of `earlier`. */
export function mergeFacts(earlier: LateFacts, later: LateFacts): LateFacts {
  const { callSid, sipCode, carrierErrorCode, answeredBy, recordings } = earlier
  const merged = { callSid, sipCode, carrierErrorCode, answeredBy, ...known(later) }
  return { ...known(merged), recordings: mergeRecordings(recordings ?? [], later.recordings ?? []) }
}

function mergeRecordings(
  earlier: readonly CarrierRecording[],
  later: readonly CarrierRecording[],
): readonly CarrierRecording[] {
  const bySid = new Map(earlier.map((recording) => [recording.recordingSid, recording]))
  for (const recording of later) {
    const before = bySid.get(recording.recordingSid)
    const isOver = before !== undefined && FINAL.has(before.status) && !FINAL.has(recording.status)
    bySid.set(recording.recordingSid, {
      ...recording,
      ...before,
      ...known(recording),
      ...(isOver ? { status: before.status } : {}),
    })
  }
  return [...bySid.values()]
}

function known<T extends object>(facts: T): Partial<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Partial<T>
}
