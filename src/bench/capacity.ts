import { setTimeout as sleep } from 'node:timers/promises'
import { BENCH_MAX_CALLS } from './bench-account.ts'
import type { BenchPlan } from './options.ts'
import { findMost, type SearchResult } from './search.ts'
import type { ServerFigures } from './servers/server-process.ts'
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
  /** At 70 % of them. */
  readonly steady: Window
  /** Bytes a call adds to the process, and to its heap without garbage; NaN where it cannot be told. */
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
const MOST_TRIES = 3
/** For an overloaded server to get over it. */
const RECOVERY_MS = 500

export async function measureCapacity(session: Session, plan: BenchPlan): Promise<Capacity> {
  const { name, what } = session.contender
  const start = await guessMost(session, plan)
  const few = await session.settle()
  const { most, limit } = await searchMost(session, start, plan)
  const calls = Math.max(1, Math.floor(most * STEADY_SHARE))
  const steady = await measureSteady(session, calls, plan.steadyMs)
  const many = await session.settle()
  return {
    name,
    what,
    most,
    limit,
    steady,
    ...memoryPerCall(few, many, calls - FIRST_CALLS),
    setUp: await measureSetUps(session, plan),
  }
}

/** From two numbers of calls that lie far enough apart. */
function memoryPerCall(few: ServerFigures, many: ServerFigures, added: number) {
  const isTelling = added >= FIRST_CALLS
  const perCall = (less = Number.NaN, more = Number.NaN) => (isTelling ? (more - less) / added : Number.NaN)
  return { rssPerCall: perCall(few.rssBytes, many.rssBytes), heapPerCall: perCall(few.heapBytes, many.heapBytes) }
}

/** From what a few calls cost; they are left standing. */
export async function guessMost(session: Session, plan: BenchPlan): Promise<number> {
  await session.resize(FIRST_CALLS)
  const { cpuShare } = await session.measure(plan.windowMs)
  return (FIRST_CALLS * GUESSED_SHARE) / Math.max(LEAST_SHARE, cpuShare)
}

/** The most calls that a session's server carries, looked for from `start` on. */
export async function searchMost(session: Session, start: number, plan: BenchPlan): Promise<SearchResult> {
  const deadline = performance.now() + plan.searchMs
  return findMost((calls) => probe(session, calls, plan.windowMs), {
    start,
    leap: plan.leap,
    resolution: plan.resolution,
    most: BENCH_MAX_CALLS,
    isOver: () => performance.now() > deadline,
  })
}

/** A window at `calls`, half of which are set up while the other half is being carried. */
async function measureSteady(session: Session, calls: number, ms: number): Promise<Window> {
  await session.resize(Math.ceil(calls / 2))
  await session.resize(calls)
  return session.measure(ms)
}

/** What fails is tried once more, and again where the machine was busy otherwise: a hiccup of its decides nothing. */
async function probe(session: Session, calls: number, ms: number): Promise<Verdict> {
  for (let left = MOST_TRIES - 1; ; left -= 1) {
    const verdict = await tryOnce(session, calls, ms)
    const isEnough = left === 0 || (left < MOST_TRIES - 1 && verdict !== 'machine disturbed')
    if (verdict === 'carried' || isEnough) return verdict
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
