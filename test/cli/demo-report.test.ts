import { describe, expect, it } from 'vitest'
import { type DemoCall, describeCalls } from '../../src/cli/demo-report.ts'
import { ENDED } from './small-api.ts'

const CALL: DemoCall = {
  ...ENDED,
  id: 'call_aaaaaaaaaaaaaaaaaaaa',
  callSid: `CA${'1'.repeat(32)}`,
  streamSid: null,
  direction: 'inbound',
  from: '+15551000000',
  to: '+15550100000',
  state: 'ended',
  reason: 'caller hung up',
  cause: null,
  agent: 'echo',
  startedAt: '2026-11-22T20:00:00.000Z',
  endedAt: '2026-11-22T20:00:06.000Z',
  stats: {},
  isAsExpected: true,
  framesIn: 300,
  framesOut: 301,
  framesSent: 300,
  roundTripMs: { p50: 41.26, p99: 44 },
  firstAudioMs: 30,
  worstGapMs: 25.04,
  underruns: 0,
  correlation: 0.99987,
  snrDb: 34.44,
  wav: '.callchart/demo/inbound-1.wav',
  warnings: [],
}

const cellsOf = (report: string) => {
  const [head = '', row = ''] = report.split('\n')
  const split = (line: string) => line.split(/ {2,}/)
  return Object.fromEntries(split(head).map((heading, index) => [heading, split(row)[index]]))
}

describe("the demo's report", () => {
  it('has a line for each call with what its person heard', () => {
    expect(cellsOf(describeCalls([CALL]))).toEqual({
      direction: 'inbound',
      state: 'ended',
      reason: 'caller hung up',
      in: '300',
      out: '301',
      'round trip p50': '41.3',
      'p99 ms': '44',
      'first audio ms': '30',
      'worst gap ms': '25',
      underruns: '0',
      correlation: '0.9999',
      'SNR dB': '34.4',
    })
  })

  it('shows what was never measured as a dash', () => {
    const silent = { ...CALL, reason: null, roundTripMs: undefined, firstAudioMs: undefined }
    expect(cellsOf(describeCalls([silent]))).toMatchObject({
      reason: '-',
      'round trip p50': '-',
      'p99 ms': '-',
      'first audio ms': '-',
    })
  })

  it('says where each recording is, and what the carrier complained of', () => {
    const report = describeCalls([CALL, { ...CALL, direction: 'outbound', warnings: ['31921 closed'] }])
    expect(report).toContain(".callchart/demo/inbound-1.wav: what the inbound call's far end heard\n")
    expect(report).toContain(`${String(CALL.callSid)}: 31921 closed\n`)
  })
})
