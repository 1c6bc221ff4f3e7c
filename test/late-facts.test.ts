import { describe, expect, it } from 'vitest'
import { amendRecord, mergeFacts } from '../src/late-facts.ts'
import type { CarrierRecording } from '../src/records.ts'
import { rowOf } from './archive/rows.ts'

const recording = (recordingSid: string, differences: Partial<CarrierRecording> = {}): CarrierRecording => ({
  recordingSid,
  status: 'in-progress',
  url: undefined,
  durationSeconds: undefined,
  ...differences,
})

const DONE = { status: 'completed', url: 'https://api.example.com/RE1', durationSeconds: 28 }

describe('what is learned of a call that is over', () => {
  it('is added to its row, and takes nothing away', () => {
    const row = rowOf(1, { answeredBy: 'human' })
    const facts = { sipCode: 486, carrierErrorCode: undefined, answeredBy: undefined }
    expect(amendRecord(row, facts)).toEqual({ ...row, sipCode: 486 })
  })

  it('is a recording by its RecordingSid: a new one, or more of one that is known', () => {
    const row = rowOf(1, { recordings: [recording('RE1')] })
    const { recordings } = amendRecord(row, { recordings: [recording('RE2'), recording('RE1', DONE)] })
    expect(recordings).toEqual([recording('RE1', DONE), recording('RE2')])
  })

  it('leaves a recording as it was when what is said of it is older than what is known', () => {
    const row = rowOf(1, { recordings: [recording('RE1', DONE)] })
    expect(amendRecord(row, { recordings: [recording('RE1', { status: 'paused' })] })).toEqual(row)
  })

  it('can be gathered before it is added', () => {
    const gathered = mergeFacts(
      { sipCode: 486, recordings: [recording('RE1')] },
      { recordings: [recording('RE1', DONE)] },
    )
    expect(gathered).toEqual({ sipCode: 486, recordings: [recording('RE1', DONE)] })
    expect(mergeFacts({}, { callSid: 'CA9' })).toEqual({ callSid: 'CA9', recordings: [] })
  })
})
