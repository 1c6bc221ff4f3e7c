import { type Reason, REASONS } from '../../machines/index.ts'
import type { CallReport } from '../simulator/call-report.ts'
import type { Breach, Invariant } from './breach.ts'
import type { Entry } from './ledger.ts'
import type { Performance } from './performance.ts'
import { handUp, plannedReason } from './plan.ts'
import { leavesMediaAlone, type TroubleKind } from './trouble.ts'
import { mayAlsoEnd } from './trouble-endings.ts'

/** What befell a call although it was not planned for it. */
export interface Circumstances {
  /** The carrier was left alone for its failures while the call was under way. */
  readonly isOutage: boolean
  /** The process had no time for a while. */
  readonly isStalled: boolean
  readonly isDraining: boolean
}

export interface Verdict {
  readonly breaches: readonly Breach[]
  readonly reason: string
  /** Whether its audio was looked at, and what was found: the longest time without a message while it was spoken. */
  readonly worstGapMs: number | undefined
  readonly isUnharmed: boolean
}

type Complain = (invariant: Invariant, expected: string, got: string) => void

/** Judges a call of which the leg is over and the record closed, or which has had its time for both. */
export function judge(performance: Performance, entries: readonly Entry[], circumstances: Circumstances): Verdict {
  const breaches: Breach[] = []
  const { plan } = performance
  const complain: Complain = (invariant, expected, got) => breaches.push({ invariant, call: plan.key, expected, got })
  judgeLegs(performance, complain)
  judgeRecords(performance, entries, complain)
  const record = entries[0]?.record
  const reason = record?.reason ?? 'turned away'
  if (record !== undefined) {
    judgeEnding(performance, entries[0]?.record, circumstances, complain)
    judgeAgent(performance, record.reason, complain)
  }
  // Who was to be handed over while the carrier was left alone was not; and of a server that has gone nothing is had.
  if (!circumstances.isOutage && !circumstances.isDraining)
    for (const what of performance.complaints) complain('orderly', 'as planned', what)
  if (!circumstances.isStalled && !circumstances.isDraining) judgeHearing(performance, complain)
  const worstGapMs = judgeAudio(performance, entries[0], circumstances, complain)
  return { breaches, reason, worstGapMs, isUnharmed: plan.troubles.length === 0 && !circumstances.isOutage }
}

function judgeLegs({ call, targets }: Performance, complain: Complain): void {
  for (const leg of [...(call === undefined ? [] : [call]), ...targets]) {
    if (!leg.isOver) complain('released', `the leg ${leg.sid} to be over`, leg.status)
    const open = leg.streams.filter((stream) => stream.end === undefined)
    if (open.length > 0) complain('released', `no stream of the leg ${leg.sid}`, `${open.length} open`)
  }
}

/** By the server itself, without a record; 0: it was not there any more. */
const REFUSED = new Set([0, 429, 503])

function judgeRecords({ plan, call, dialled }: Performance, entries: readonly Entry[], complain: Complain): void {
  const isLate = plan.direction === 'inbound' && plan.troubles.some(({ kind }) => kind === 'early hang-up')
  const isRejected = call?.rejection !== undefined || (dialled !== undefined && REFUSED.has(dialled.status))
  const most = 1
  const least = isLate || isRejected ? 0 : 1
  if (entries.length < least || entries.length > most) {
    complain('recorded', `${least} to ${most} records`, `${entries.length}`)
  }
  for (const { opened, closed, record } of entries) {
    if (opened === 1 && closed === 1) continue
    complain('recorded', `${record.id} opened once and closed once`, `opened ${opened}, closed ${closed} times`)
  }
}

function judgeEnding(
  { plan }: Performance,
  record: Entry['record'] | undefined,
  { isOutage, isDraining }: Circumstances,
  complain: Complain,
): void {
  if (record === undefined) return
  const { reason = 'none', state, cause } = record
  const isKnown = Object.hasOwn(REASONS, reason)
  if (!isKnown || REASONS[reason as Reason] !== state || record.endedAt === undefined) {
    complain(
      'ends',
      'a reason of the list and its state',
      `${state}, ${reason}, ended at ${record.endedAt ?? 'no time'}`,
    )
  }
  for (const open of leftOpen(record)) complain('recorded', 'nothing left open in the record', open)
  const expected = new Set<string>([
    plannedReason(plan),
    ...plan.troubles.flatMap((trouble) => mayAlsoEnd(trouble, plan)),
  ])
  if (isOutage) for (const also of ofOutage(plan)) expected.add(also)
  if (isDraining) expected.add('draining')
  if (expected.has(reason)) return
  const troubles = plan.troubles.map(({ kind }) => kind).join(' and ') || 'nothing'
  const what = `${plan.direction}, ${plan.role.kind}, ends by ${plan.ending.by}, befallen by ${troubles}`
  complain(
    'asPlanned',
    `${[...expected].join(' or ')} (${what})`,
    `${reason}${cause === undefined ? '' : ` (${cause})`}`,
  )
}

/** What a record of a call that is over says is still going on. */
function leftOpen({ transfers, states, endedBy, startedAt, endedAt = 0 }: Entry['record']): string[] {
  return [
    ...transfers.filter(({ outcome }) => outcome === undefined).map(() => 'a transfer without an outcome'),
    ...states.slice(0, -1).flatMap(({ state, ms }) => (ms === undefined ? [`the state ${state}`] : [])),
    ...(endedBy === undefined ? ['by whom it was ended'] : []),
    ...(endedAt < startedAt ? ['its end before its beginning'] : []),
  ]
}

/** Neither dialled nor handed over: then somebody else hangs up. */
function ofOutage(plan: Performance['plan']): readonly Reason[] {
  return plan.ending.by === 'bridge' ? ['carrier refused', handUp(plan)] : ['carrier refused']
}

function judgeAgent({ agentRuns }: Performance, reason: string | undefined, complain: Complain): void {
  for (const { signal, ending } of agentRuns) {
    if (!signal.aborted) complain('told', "the agent's signal to be aborted", 'it is not')
    if (ending?.reason !== reason) complain('told', `the agent to be told ${reason}`, ending?.reason ?? 'nothing')
  }
}

/** Only the audio of calls that nothing befell, or nothing that touches their stream. */
function judgeAudio(
  { plan, call, agentRuns }: Performance,
  entry: Entry | undefined,
  { isStalled, isOutage, isDraining }: Circumstances,
  complain: Complain,
): number | undefined {
  const isAlone = plan.troubles.every(({ kind }) => leavesMediaAlone(kind))
  if (!isAlone || isStalled || isOutage || isDraining || call === undefined || entry === undefined) return undefined
  if (call.streams.length === 0) return undefined
  const report = call.report()
  const hasTransfer = plan.role.kind === 'transferer' || plan.role.kind === 'fidget'
  if (!hasTransfer && call.streams.length !== 1) complain('unharmed', 'one stream', `${call.streams.length}`)
  if (!hasTransfer && agentRuns.length !== 1)
    complain('unharmed', 'the agent to be started once', `${agentRuns.length}`)
  for (const { code, message } of report.warnings) complain('unharmed', 'no warning', `${code} ${message}`)
  judgeFigures(plan, { report, stats: entry.record.stats }, complain)
  return report.worstGapMs
}

/** One playback from the beginning to the end: whoever has it must not run dry. */
const CONTINUOUS: ReadonlySet<string> = new Set(['echo', 'prompt', 'flooder'])
const UNTOUCHED = ['sequenceGaps', 'malformed', 'gapsFilledMs'] as const

function judgeFigures(
  { role, troubles, ending }: Performance['plan'],
  { report, stats }: Figures,
  complain: Complain,
): void {
  // Who fidgets speaks too slowly at times.
  if (role.kind !== 'fidget' && stats['underruns'] !== 0) {
    complain('unharmed', 'no underrun by the server', String(stats['underruns']))
  }
  if (CONTINUOUS.has(role.kind) && report.underruns > 0)
    complain('unharmed', 'no underrun heard', `${report.underruns}`)
  if (troubles.length > 0) return
  for (const name of UNTOUCHED) if (stats[name] !== 0) complain('unharmed', `${name} of 0`, String(stats[name]))
  // Of who hangs up, everything that was said before is heard.
  if (ending.by === 'person' && stats['framesIn'] !== report.framesSent) {
    complain('unharmed', `${report.framesSent} frames heard by the server`, String(stats['framesIn']))
  }
}

interface Figures {
  readonly report: CallReport
  readonly stats: Readonly<Record<string, unknown>>
}

/** Of a far end that is spoken to without a break, how much may be missing: the way there, and each way to a new stream. */
const MISSED_MS = 400
const RECOVERABLE: ReadonlySet<TroubleKind> = new Set([
  'stream reset',
  'huge message',
  'broken frames',
  'nonsense',
  'lost frames',
  'stale frames',
  'jitter',
])

/** Who is spoken to all the time hears something all the time, but for the moments in which the stream is replaced. */
function judgeHearing({ plan, call }: Performance, complain: Complain): void {
  const isSpokenTo = plan.role.kind === 'prompt' || plan.role.kind === 'flooder'
  const isRecoverable = plan.troubles.every(({ kind }) => leavesMediaAlone(kind) || RECOVERABLE.has(kind))
  const first = call?.streams[0]?.startedAt
  if (!isSpokenTo || !isRecoverable || call?.endedAt === undefined || first === undefined) return
  const heardMs = call.positionHeardMs
  const leastMs = call.endedAt - first - MISSED_MS * call.streams.length
  if (heardMs < leastMs) complain('heard', `at least ${leastMs} ms to be heard`, `${Math.round(heardMs)} ms`)
}
