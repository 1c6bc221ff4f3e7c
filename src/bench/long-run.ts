import type { BenchPlan } from './options.ts'
import { medianOf } from './quantiles.ts'
import type { Session, Window } from './session.ts'

/** One server under steady load for a long time: nothing may grow, nothing may drift. */
export interface LongRun {
  readonly calls: number
  readonly steps: readonly (Window & { readonly atMs: number })[]
}

export async function measureLongRun(session: Session, calls: number, plan: BenchPlan): Promise<LongRun> {
  const steps: (Window & { atMs: number })[] = []
  await session.resize(calls)
  const begin = performance.now()
  while (performance.now() - begin < plan.longMs) {
    const window = await session.measure(plan.longStepMs)
    steps.push({ ...window, atMs: performance.now() - begin })
  }
  return { calls, steps }
}

export interface Drift {
  /** Memory in the last quarter, as a multiple of the quarter that follows the warm-up, which is the first. */
  readonly memory: number
  /** Lateness (p99) in the last quarter less that in the same early quarter, in milliseconds. */
  readonly latenessMs: number
  readonly worstGcMs: number
}

export function driftOf(steps: LongRun['steps']): Drift {
  const quarter = Math.max(1, Math.floor(steps.length / 4))
  const [early, late] = [steps.slice(quarter, 2 * quarter), steps.slice(-quarter)]
  const memoryOf = (part: LongRun['steps']) => medianOf(part.map(({ server }) => server.rssBytes))
  const latenessOf = (part: LongRun['steps']) => medianOf(part.map(({ server }) => server.latenessMs?.p99 ?? 0))
  return {
    memory: memoryOf(late) / memoryOf(early),
    latenessMs: latenessOf(late) - latenessOf(early),
    worstGcMs: Math.max(...steps.map(({ server }) => server.worstGcMs ?? 0)),
  }
}
