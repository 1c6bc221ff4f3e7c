import { describe, expect, it } from 'vitest'
import { toCallView } from '../src/call-view.ts'

const record = {
  id: 'call_aaaaaaaaaaaaaaaaaaaa',
  direction: 'outbound' as const,
  callSid: undefined,
  from: '+15550100000',
  to: '+15552220001',
  agent: 'echo',
  parameters: { secret: 'of the application' },
  startedAt: Date.UTC(2026, 10, 22, 12),
  state: 'connecting',
  streamSid: undefined,
  reason: undefined,
  cause: undefined,
  endedAt: undefined,
  stats: { framesIn: 3, firstAudioMs: undefined, worstSendGapMs: 20.123456789, latencyMs: { send: { p50: 1 / 3 } } },
}

describe('a call as the API shows it', () => {
  it('has null where there is nothing yet, and figures to the microsecond', () => {
    expect(toCallView(record)).toEqual({
      id: 'call_aaaaaaaaaaaaaaaaaaaa',
      callSid: null,
      streamSid: null,
      direction: 'outbound',
      from: '+15550100000',
      to: '+15552220001',
      state: 'connecting',
      reason: null,
      cause: null,
      agent: 'echo',
      startedAt: '2026-11-22T12:00:00.000Z',
      endedAt: null,
      stats: { framesIn: 3, firstAudioMs: null, worstSendGapMs: 20.123, latencyMs: { send: { p50: 0.333 } } },
    })
  })

  it('never shows what the application keeps with it', () => {
    expect(JSON.stringify(toCallView({ ...record, endedAt: record.startedAt }))).not.toContain('of the application')
  })
})
