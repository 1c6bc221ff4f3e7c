import { describe, expect, it } from 'vitest'
import { toCallView } from '../src/call-view.ts'
import type { CallRecord } from '../src/records.ts'

const NOON = Date.UTC(2026, 10, 22, 12)

const record: CallRecord = {
  id: 'call_aaaaaaaaaaaaaaaaaaaa',
  direction: 'outbound',
  callSid: undefined,
  from: '+15550100000',
  to: '+15552220001',
  agent: 'echo',
  parameters: { secret: 'of the application' },
  startedAt: NOON,
  state: 'connecting',
  streamSid: undefined,
  streamSids: [],
  reason: undefined,
  cause: undefined,
  ringingAt: undefined,
  answeredAt: undefined,
  mediaStartedAt: undefined,
  endedAt: undefined,
  endedBy: undefined,
  states: [],
  carrierErrorCode: undefined,
  sipCode: undefined,
  answeredBy: undefined,
  transfers: [],
  recordings: [],
  audioFile: undefined,
  stats: { framesIn: 3, firstAudioMs: undefined, worstSendGapMs: 20.123456789, latencyMs: { send: { p50: 1 / 3 } } },
}

describe('a call as the API shows it', () => {
  it('has null where there is nothing yet, and figures to the microsecond', () => {
    expect(toCallView(record)).toEqual({
      id: 'call_aaaaaaaaaaaaaaaaaaaa',
      callSid: null,
      streamSid: null,
      streamSids: [],
      direction: 'outbound',
      from: '+15550100000',
      to: '+15552220001',
      state: 'connecting',
      reason: null,
      cause: null,
      agent: 'echo',
      startedAt: '2026-11-22T12:00:00.000Z',
      ringingAt: null,
      answeredAt: null,
      mediaStartedAt: null,
      endedAt: null,
      endedBy: null,
      answeredBy: null,
      states: [],
      carrierErrorCode: null,
      sipCode: null,
      transfers: [],
      recordings: [],
      audioFile: null,
      stats: { framesIn: 3, firstAudioMs: null, worstSendGapMs: 20.123, latencyMs: { send: { p50: 0.333 } } },
    })
  })

  it('tells when it came to what, how long it stood where, and who put an end to it', () => {
    const view = toCallView({
      ...record,
      ringingAt: NOON + 1_000,
      answeredAt: NOON + 2_500,
      mediaStartedAt: NOON + 2_600.4,
      endedAt: NOON + 60_000,
      endedBy: 'callee',
      states: [
        { state: 'active', at: NOON + 2_600, ms: 57_399.6 },
        { state: 'ended', at: NOON + 60_000, ms: undefined },
      ],
    })
    expect(view).toMatchObject({
      ringingAt: '2026-11-22T12:00:01.000Z',
      answeredAt: '2026-11-22T12:00:02.500Z',
      mediaStartedAt: '2026-11-22T12:00:02.600Z',
      endedAt: '2026-11-22T12:01:00.000Z',
      endedBy: 'callee',
      states: [
        { state: 'active', at: '2026-11-22T12:00:02.600Z', ms: 57_400 },
        { state: 'ended', at: '2026-11-22T12:01:00.000Z', ms: null },
      ],
    })
  })

  it('tells of its transfers and recordings, those that are under way among them', () => {
    const view = toCallView({
      ...record,
      transfers: [
        { to: '+15553330001', startedAt: NOON, answeredAt: NOON + 5_000, endedAt: NOON + 9_000, outcome: 'completed' },
        { to: 'sip:a@b.test', startedAt: NOON, answeredAt: undefined, endedAt: undefined, outcome: undefined },
      ],
      recordings: [
        { recordingSid: 'RE1', status: 'completed', url: 'https://carrier.test/RE1', durationSeconds: 12 },
        { recordingSid: 'RE2', status: 'in-progress', url: undefined, durationSeconds: undefined },
      ],
    })
    expect(view.transfers).toEqual([
      {
        to: '+15553330001',
        startedAt: '2026-11-22T12:00:00.000Z',
        answeredAt: '2026-11-22T12:00:05.000Z',
        endedAt: '2026-11-22T12:00:09.000Z',
        outcome: 'completed',
      },
      { to: 'sip:a@b.test', startedAt: '2026-11-22T12:00:00.000Z', answeredAt: null, endedAt: null, outcome: null },
    ])
    expect(view.recordings).toEqual([
      { recordingSid: 'RE1', status: 'completed', url: 'https://carrier.test/RE1', durationSeconds: 12 },
      { recordingSid: 'RE2', status: 'in-progress', url: null, durationSeconds: null },
    ])
  })

  it('has in it whatever the carrier and this server know beside', () => {
    const known = {
      streamSids: ['MZ1', 'MZ2'],
      streamSid: 'MZ2',
      answeredBy: 'machine_start',
      carrierErrorCode: 21211,
      sipCode: 486,
      audioFile: '.callchart/audio/a.wav',
      reason: 'busy',
      cause: 'they said so',
    }
    expect(toCallView({ ...record, ...known })).toMatchObject(known)
  })

  it('never shows what the application keeps with it', () => {
    expect(JSON.stringify(toCallView({ ...record, endedAt: record.startedAt }))).not.toContain('of the application')
  })
})
