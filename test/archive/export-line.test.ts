import { describe, expect, it } from 'vitest'
import { dayOf, toExportLine } from '../../src/archive/export-line.ts'
import { openRowOf, rowOf } from './rows.ts'

const parsed = (...row: Parameters<typeof rowOf>) => JSON.parse(toExportLine(rowOf(...row))) as Record<string, unknown>

describe('a line of the export', () => {
  it('is a row in words of its own: snake case, ISO times, null for what is not known', () => {
    expect(parsed(1)).toEqual({
      call_id: 'call_000001',
      call_sid: 'CA1',
      direction: 'inbound',
      from: '+15551234567',
      to: '+15550100000',
      agent: 'echo',
      created_at: '2026-11-25T00:01:00.000Z',
      ringing_at: null,
      answered_at: '2026-11-25T00:01:01.000Z',
      media_started_at: '2026-11-25T00:01:01.200Z',
      ended_at: '2026-11-25T00:01:30.000Z',
      state: 'ended',
      reason: 'caller hung up',
      ended_by: 'caller',
      cause: null,
      stream_sids: ['MZ1'],
      states: [
        { state: 'connecting', at: '2026-11-25T00:01:00.000Z', ms: 1_200 },
        { state: 'active', at: '2026-11-25T00:01:01.200Z', ms: 28_800 },
      ],
      carrier_error_code: null,
      sip_code: null,
      answered_by: null,
      transfers: [],
      recordings: [],
      audio_file: null,
      stats: { frames_in: 1_440, latency_ms: { send: { p50: 0.2, p99: 1.5 } }, first_audio_ms: null },
    })
  })

  it('is one line, whatever stands in it', () => {
    const line = toExportLine(rowOf(1, { cause: 'two\nlines\u2028' }))
    expect(line.indexOf('\n')).toBe(line.length - 1)
    expect(JSON.parse(line)).toMatchObject({ cause: 'two\nlines\u2028' })
  })

  it("holds none of the application's parameters", () => {
    expect(toExportLine(rowOf(1, { parameters: { account: 'canary' } }))).not.toMatch(/canary|parameters/)
  })

  it('holds what other rows may have, and leaves the words of tags alone', () => {
    const transfer = { to: '+15559', startedAt: 0, answeredAt: undefined, endedAt: 1_000, outcome: 'busy' }
    const more = { transfers: [transfer], tags: { costCentre: 'startedAt', at: 5 } }
    expect(parsed(1, more)).toMatchObject({
      transfers: [
        {
          to: '+15559',
          started_at: '1970-01-01T00:00:00.000Z',
          answered_at: null,
          ended_at: '1970-01-01T00:00:01.000Z',
          outcome: 'busy',
        },
      ],
      tags: { costCentre: 'startedAt', at: 5 },
    })
  })

  it('belongs to the UTC day of its end; while there is none, to the day it began', () => {
    const beforeMidnight = Date.UTC(2026, 10, 24, 23, 59)
    expect(dayOf(rowOf(1, { startedAt: beforeMidnight }))).toBe('2026-11-25')
    expect(dayOf(openRowOf(1, { startedAt: beforeMidnight }))).toBe('2026-11-24')
  })
})
