import { STEADY_SHARE } from './capacity.ts'
import type { Seen } from './load/onlooker.ts'
import type { BenchPlan } from './options.ts'
import { medianOf } from './quantiles.ts'
import type { Session, Window } from './session.ts'

/** Whether calls notice that somebody looks at one of them. */
export interface Viewing {
  readonly calls: number
  readonly turns: readonly Turn[]
}

/** Two windows side by side, with the same calls: a machine's whims last longer than that, and are in both. */
export interface Turn {
  readonly alone: Window
  readonly watched: Window
  /** Of the second. */
  readonly seen: Seen
}

const MOST_CALLS = 200
const TURNS = 4

/** @param most how many calls the core carries. */
export async function measureViewing(session: Session, most: number, plan: BenchPlan): Promise<Viewing> {
  const calls = Math.max(1, Math.min(MOST_CALLS, Math.floor(most * STEADY_SHARE)))
  const turns: Turn[] = []
  await session.resize(calls)
  // Whoever comes first would else pay for compiling.
  await measureWatched(session, plan.viewingMs)
  for (let turn = 0; turn < TURNS; turn += 1) turns.push(await measureTurn(session, plan.viewingMs, turn % 2 === 0))
  return { calls, turns }
}

/** Whoever was first is second the next time, so that what drifts favours neither. */
async function measureTurn(session: Session, ms: number, isAloneFirst: boolean): Promise<Turn> {
  if (isAloneFirst) return { alone: await session.measure(ms), ...(await measureWatched(session, ms)) }
  return { ...(await measureWatched(session, ms)), alone: await session.measure(ms) }
}

async function measureWatched(session: Session, ms: number): Promise<Omit<Turn, 'alone'>> {
  await session.look()
  const watched = await session.measure(ms)
  return { watched, seen: await session.lookAway() }
}

/** The median over the turns of what a turn comes to. */
export function medianOfTurns({ turns }: Viewing, figureOf: (turn: Turn) => number): number {
  return medianOf(turns.map(figureOf))
}
