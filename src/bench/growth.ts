import type { BenchPlan } from './options.ts'
import type { PlaneShares } from './servers/plane-shares.ts'
import type { Session, Window } from './session.ts'

/** Whether a call costs the same whatever stands beside it, and what the control plane takes. */

export interface Growth {
  readonly steps: readonly (Window & { readonly calls: number })[]
  readonly planes: PlaneShares & { readonly calls: number }
  /** Bytes of JavaScript's heap for one frame, in and out, at as many calls. */
  readonly allocatedPerFrame: number
}

const STEPS = [10, 100, 300]
const PLANES_AT = 300
const FRAMES_PER_SECOND = 50

export async function measureGrowth(session: Session, most: number, plan: BenchPlan): Promise<Growth> {
  const steps: (Window & { calls: number })[] = []
  // Whoever comes first would else pay for compiling.
  await session.resize(PLANES_AT / 10)
  await session.measure(plan.growthMs)
  for (const calls of [...STEPS.filter((step) => step < most), most]) {
    await session.resize(calls)
    steps.push({ ...(await session.measure(plan.growthMs)), calls })
  }
  const calls = Math.min(PLANES_AT, most)
  await session.resize(calls)
  const planes = { ...(await session.planes(plan.growthMs)), calls }
  const bytes = await session.allocated(plan.growthMs)
  const frames = (calls * FRAMES_PER_SECOND * plan.growthMs) / 1_000
  return { steps, planes, allocatedPerFrame: bytes / frames }
}

/** The dearest frame of any step but the first, as a multiple of the cheapest with fewer calls; few calls wake up in vain. */
export function riseOf(steps: Growth['steps']): number {
  const costs = steps.slice(1).map(({ cpuUsPerFrame }) => cpuUsPerFrame)
  const rises = costs.slice(1).map((cost, index) => cost / Math.min(...costs.slice(0, index + 1)))
  return rises.length === 0 ? 1 : Math.max(...rises)
}
