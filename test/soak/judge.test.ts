import { describe, expect, it } from 'vitest'
import { MemoryRecords, type CallRecord } from '../../src/records.ts'
import type { SimulatedCall } from '../../src/simulator/call.ts'
import type { Invariant } from '../../src/soak/breach.ts'
import { type Circumstances, judge } from '../../src/soak/judge.ts'
import { KEY_PARAMETER, Ledger } from '../../src/soak/ledger.ts'
import { Performance } from '../../src/soak/performance.ts'
import type { CallPlan } from '../../src/soak/plan.ts'
import { somePlan } from './some-plan.ts'

const PLAN = somePlan()
const FINE: Circumstances = { isOutage: false, isStalled: false, isDraining: false }
const SID = `CA${'1'.repeat(32)}`

const RECORD: CallRecord = {
  id: 'call_aaaaaaaaaaaaaaaaaaaa',
  direction: 'inbound',
  callSid: SID,
  from: '+15552000003',
  to: '+15550100000',
  agent: 'cast',
  parameters: { [KEY_PARAMETER]: '3/17' },
  startedAt: 1_000,
  state: 'ended',
  streamSid: undefined,
  streamSids: [],
  reason: 'caller hung up',
  cause: undefined,
  ringingAt: undefined,
  answeredAt: undefined,
  mediaStartedAt: undefined,
  endedAt: 6_000,
  endedBy: 'caller',
  states: [
    { state: 'active', at: 1_000, ms: 5_000 },
    { state: 'ended', at: 6_000, ms: undefined },
  ],
  carrierErrorCode: undefined,
  sipCode: undefined,
  answeredBy: undefined,
  transfers: [],
  recordings: [],
  audioFile: undefined,
  stats: { underruns: 0, sequenceGaps: 0, malformed: 0, gapsFilledMs: 0, framesIn: 250 },
}

const REPORT = { framesSent: 250, underruns: 0, worstGapMs: 21, warnings: [] as unknown[] }

interface Told {
  readonly plan?: Partial<CallPlan>
  readonly record?: Partial<CallRecord>
  readonly leg?: object
  readonly report?: Partial<typeof REPORT>
  readonly circumstances?: Partial<Circumstances>
  /** How often the record was closed. */
  readonly closed?: number
  /** What becomes of the performance before it is judged. */
  readonly change?: (performance: Performance) => void
}

/** A call as it should be, but for what is told. */
function judged({ plan, record, leg, report, circumstances, closed = 1, change }: Told) {
  const performance = new Performance({ ...PLAN, ...plan })
  performance.call = {
    sid: SID,
    status: 'completed',
    isOver: true,
    endedAt: 6_000,
    streams: [{ end: { by: 'carrier' }, startedAt: 1_000 }],
    positionHeardMs: 4_900,
    report: () => ({ ...REPORT, ...report }),
    ...leg,
  } as unknown as SimulatedCall
  const over = new AbortController()
  over.abort()
  const row = { ...RECORD, ...record }
  const ending = { state: 'ended', reason: row.reason ?? '', cause: undefined } as const
  performance.agentRuns.push({ signal: over.signal, ending })
  change?.(performance)
  const ledger = new Ledger(new MemoryRecords())
  void ledger.opened(row)
  for (let count = 0; count < closed; count += 1) void ledger.closed(row)
  return judge(performance, ledger.of('3/17', SID), { ...FINE, ...circumstances })
}

const broken = (told: Told): Invariant[] => judged(told).breaches.map(({ invariant }) => invariant)

describe('a judge of calls', () => {
  it('has nothing to say of a call that went as planned', () => {
    expect(judged({})).toEqual({ breaches: [], reason: 'caller hung up', worstGapMs: 21, isUnharmed: true })
  })

  const faults: [string, Told, Invariant][] = [
    ['a leg that is not over', { leg: { isOver: false } }, 'released'],
    ['a stream that is open', { leg: { streams: [{ end: undefined }] } }, 'released'],
    ['a record that was never closed', { closed: 0 }, 'recorded'],
    ['a record that was closed twice', { closed: 2 }, 'recorded'],
    ['a reason that is none', { record: { reason: 'a whim' } }, 'ends'],
    ['a state that does not belong to the reason', { record: { state: 'error' } }, 'ends'],
    ['another reason than planned', { record: { reason: 'stream lost', state: 'error' } }, 'asPlanned'],
    ['a transfer without an outcome', { record: { transfers: [TRANSFER()] } }, 'recorded'],
    ['an underrun', { record: { stats: { ...RECORD.stats, underruns: 1 } } }, 'unharmed'],
    ['an underrun that only the caller noticed', { report: { underruns: 1 } }, 'unharmed'],
    ['frames that were not heard', { report: { framesSent: 251 } }, 'unharmed'],
    ['a warning of the carrier', { report: { warnings: [{ code: 31951, message: 'x' }] } }, 'unharmed'],
    ['a second stream', { leg: { streams: [{ end: {} }, { end: {} }] } }, 'unharmed'],
    ['a far end that hears less than is said', { plan: { role: { kind: 'prompt' } }, leg: DEAF }, 'heard'],
    ['a complaint', { change: (performance) => performance.complain('no answer') }, 'orderly'],
    ['an agent that is not told', { change: ({ agentRuns }) => void (agentRuns[0]!.ending = undefined) }, 'told'],
    ['an agent that is started twice', { change: ({ agentRuns }) => void agentRuns.push(agentRuns[0]!) }, 'unharmed'],
  ]

  it.each(faults)('notices %s', (_, told, invariant) => {
    expect(broken(told)).toContain(invariant)
  })

  it('names the call, what was expected and what came', () => {
    const [breach] = judged({ record: { reason: 'silence' } }).breaches
    expect(breach).toEqual({
      invariant: 'asPlanned',
      call: '3/17',
      expected: 'caller hung up (inbound, echo, ends by person, befallen by nothing)',
      got: 'silence',
    })
  })

  it('excuses an ending that came of what befell the call, and looks no closer at its audio', () => {
    const record = { reason: 'silence', stats: { ...RECORD.stats, underruns: 7 } }
    const verdict = judged({ plan: { troubles: [{ kind: 'half-open', atMs: 100 }] }, record })
    expect(verdict).toMatchObject({ breaches: [], isUnharmed: false, worstGapMs: undefined })
  })

  it('excuses what a process without time, or a drain, makes of it', () => {
    expect(broken({ report: { underruns: 3 }, circumstances: { isStalled: true } })).toEqual([])
    expect(broken({ record: { reason: 'draining' }, circumstances: { isDraining: true } })).toEqual([])
    expect(
      broken({ record: { reason: 'carrier refused', state: 'error' }, circumstances: { isOutage: true } }),
    ).toEqual([])
  })
})

function TRANSFER() {
  return { to: '+15552200003', startedAt: 2_000, answeredAt: undefined, endedAt: undefined, outcome: undefined }
}

const DEAF = { positionHeardMs: 3_000 }
