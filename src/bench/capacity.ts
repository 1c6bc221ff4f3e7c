import { setTimeout as sleep } from 'node:timers/promises'
import { BENCH_MAX_CALLS } from './bench-account.ts'
import type { BenchPlan } from './options.ts'
import { findMost, type SearchResult } from './search.ts'
import type { Session, Window } from './session.ts'
import { measureSetUps, type SetUpCost } from './set-ups.ts'
import { isDisturbed, judge, type Verdict } from './verdict.ts'

/** What one contender can do, in one round. */
export interface Capacity {
  readonly name: string
  readonly what: string
  /** The most calls, and what gave way just above. */
  readonly most: number
  readonly limit: SearchResult['limit']
  /** At 70 % of them: of three windows the one whose echo p99 is the median, so that a hiccup of the machine's decides nothing. */
  readonly steady: Window
  /** Bytes that a call of the most adds to the process, and one that stands to its heap without garbage; NaN where it cannot be told. */
  readonly rssPerCall: number
  readonly heapPerCall: number
  readonly setUp: SetUpCost
}

/** Enough to warm up with, and to guess from. */
const FIRST_CALLS = 80
/** Of a core, where a guess puts the end. */
const GUESSED_SHARE = 0.85
/** Less than this is not measured, but guessed. */
const LEAST_SHARE = 0.01
/** Of the most calls: what a core is asked to carry for long. */
export const STEADY_SHARE = 0.7
const STEADY_WINDOWS = 3
const MOST_TRIES = 3
/** Of a first guess, for a second: a call among many costs less than one among few. */
const SECOND_GUESS_SHARE = 0.75
/** For an overloaded server to get over it. */
const RECOVERY_MS = 500

export async function measureCapacity(session: Session, plan: BenchPlan): Promise<Capacity> {
  const { name, what } = session.contender
  const first = await guessMost(session, plan)
  const early = await session.settle()
  const start = await guessMost(session, plan, Math.max(1, Math.floor(first * SECOND_GUESS_SHARE)))
  const { most, limit } = await searchMost(session, start, plan)
  const calls = Math.max(1, Math.floor(most * STEADY_SHARE))
  // Between the two readings of memory calls only come: what is kept of those that are over is no part of one that lives.
  await session.resize(FIRST_CALLS)
  const few = await session.settle()
  const steady = await measureSteady(session, calls, plan.steadyMs)
  const many = await session.settle()
  return {
    name,
    what,
    most,
    limit,
    steady,
    // A process gives back nothing of what it once took.
    rssPerCall: perCall(early.rssBytes, many.rssBytes, most - FIRST_CALLS),
    heapPerCall: perCall(few.heapBytes, many.heapBytes, calls - FIRST_CALLS),
    setUp: await measureSetUps(session, plan),
  }
}

/** From two numbers of calls that lie far enough apart. */
function perCall(less: number | undefined, more: number | undefined, added: number): number {
  const isTelling = less !== undefined && more !== undefined && added >= FIRST_CALLS
  return isTelling ? (more - less) / added : Number.NaN
}

/** From what some calls cost; they are left standing. */
export async function guessMost(session: Session, plan: BenchPlan, calls = FIRST_CALLS): Promise<number> {
  await session.resize(calls)
  const { cpuShare } = await session.measure(plan.windowMs)
  return (calls * GUESSED_SHARE) / Math.max(LEAST_SHARE, cpuShare)
}

/** The most calls that a session's server carries, looked for from `start` on. */
export async function searchMost(session: Session, start: number, plan: BenchPlan): Promise<SearchResult> {
  const deadline = performance.now() + plan.searchMs
  const isOver = () => performance.now() > deadline
  return findMost((calls) => probe(session, calls, { ms: plan.windowMs, isOver }), {
    start,
    leap: plan.leap,
    resolution: plan.resolution,
    most: BENCH_MAX_CALLS,
    isOver,
  })
}

/** At `calls`, half of which are set up while the other half is being carried. */
async function measureSteady(session: Session, calls: number, ms: number): Promise<Window> {
  await session.resize(Math.ceil(calls / 2))
  await session.resize(calls)
  const first = await session.measure(ms)
  const windows = [first]
  while (windows.length < STEADY_WINDOWS) windows.push(await session.measure(ms))
  const [middle = first] = windows
    .toSorted((a, b) => a.load.echoMs.p99 - b.load.echoMs.p99)
    .slice(Math.floor(STEADY_WINDOWS / 2))
  // Who was set up before the first window had the first audio of his call counted there.
  return { ...middle, load: { ...middle.load, firstAudioMs: first.load.firstAudioMs } }
}

interface Attempts {
  /** Of one of them. */
  readonly ms: number
  readonly isOver: () => boolean
}

/** What fails is tried twice more, as long as there is time: a hiccup of the machine's decides nothing. */
async function probe(session: Session, calls: number, { ms, isOver }: Attempts): Promise<Verdict> {
  for (let left = MOST_TRIES - 1; ; left -= 1) {
    const verdict = await tryOnce(session, calls, ms)
    if (verdict === 'carried' || left === 0 || isOver()) return verdict
    await recover(session, calls)
  }
}

async function tryOnce(session: Session, calls: number, ms: number): Promise<Verdict> {
  try {
    await session.resize(calls)
  } catch {
    return 'calls lost'
  }
  const { load, deprived } = await session.measure(ms)
  const verdict = judge(load, session.contender.pacingMs)
  return verdict !== 'carried' && isDisturbed(deprived) ? 'machine disturbed' : verdict
}

async function recover(session: Session, calls: number): Promise<void> {
  await session.resize(Math.ceil(calls / 2))
  await sleep(RECOVERY_MS)
}
