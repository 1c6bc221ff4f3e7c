import type { AudioCosts } from './audio.ts'
import type { Capacity } from './capacity.ts'
import { type Carried, type Check, checkAtMost, checkRatio, excused } from './checks.ts'
import { CALLCHART, FLOOR, PYTHON, TALKATIVE } from './contenders.ts'
import { type Growth, riseOf } from './growth.ts'
import { driftOf, type LongRun } from './long-run.ts'
import type { Machine } from './machine.ts'
import type { Quantiles } from './quantiles.ts'
import type { Window } from './session.ts'
import type { SettingUp } from './set-ups.ts'
import type { StageCost } from './stages.ts'
import { isDisturbed } from './verdict.ts'
import { medianOfTurns, type Viewing } from './viewing.ts'

/** All that one run found; what was not asked for is absent. */
export interface Results {
  readonly machine: Machine
  readonly capacities: readonly Capacity[]
  /** Who could not be measured, and why. */
  readonly absent: readonly { readonly name: string; readonly why: string }[]
  readonly audio?: AudioCosts
  readonly stages?: readonly StageCost[]
  readonly growth?: Growth
  readonly viewing?: Viewing
  readonly settingUp?: readonly SettingUp[]
  readonly longRun?: LongRun
}

/** A frame waits at most one tick for its turn, and so may a clear. */
const TICK_MS = 20
/** A call among many costs no more than among few, but for the noise of two windows. */
const RISE = 1.1
/** A long run is one of which something can be said about memory. */
const LONG_ENOUGH_MS = 300_000
const MEMORY_GROWTH = 1.05
const DRIFT_MS = 1
/** What somebody who looks at one call may cost the others. */
const WATCHED_LATER_MS = 1
const WATCHED_CPU = 1.05

/** All promises, in the order of the tables; what was not measured says so. */
export function checkAll(results: Results): readonly Check[] {
  return [
    ...checkCapacities(results),
    ...(results.audio?.checks ?? []),
    ...checkGrowth(results),
    ...checkViewing(results),
    ...checkLong(results),
  ]
}

function checkCapacities({ capacities }: Results): Check[] {
  const find = (name: string) => capacities.find((capacity) => capacity.name === name)
  const [echo, talkative] = [find(CALLCHART.name), find(TALKATIVE.name)]
  const [ours, ready, floor, python] = [echo, talkative, find(FLOOR.name), find(PYTHON)].map(carriedBy)
  return [
    checkRatio('calls: callchart / the Python design', ours, python, 3),
    checkRatio('calls: callchart / plain ws', ours, floor, 0.85),
    checkRatio('calls: callchart, faster than real time / plain ws', ready, floor, 1.3),
    ...checkSteady('at 70 %', echo?.steady),
    ...checkSteady('at 70 %, talkative', talkative?.steady),
  ]
}

function checkSteady(where: string, steady: Window | undefined): Check[] {
  const checks = [
    checkAtMost(`send lateness p99 ${where}, ms`, steady?.server.latenessMs?.p99, 5),
    checkAtMost(`barge-in p99 ${where}, ms`, p99Of(steady?.load.bargeInMs), TICK_MS),
  ]
  return checks.map((check) => excused(check, isDisturbed(steady?.deprived)))
}

/** Of nothing there are no quantiles. */
function p99Of(quantiles: Quantiles | undefined): number | undefined {
  return quantiles === undefined || quantiles.count === 0 ? undefined : quantiles.p99
}

/** Whether there may be more, that was not found. */
export function isLowerBound({ limit }: Pick<Capacity, 'limit'>): boolean {
  return limit === 'generator saturated' || limit === 'machine disturbed' || limit === 'out of time'
}

function carriedBy(capacity: Capacity | undefined): Carried | undefined {
  return capacity && { most: capacity.most, isBound: isLowerBound(capacity) }
}

function checkGrowth({ growth }: Results): Check[] {
  return [
    excused(
      checkAtMost('cost of a frame among the most calls / among fewer', growth && riseOf(growth.steps), RISE),
      growth?.steps.some(({ deprived }) => isDisturbed(deprived)) ?? false,
    ),
    checkAtMost(`control plane's share of CPU at ${growth?.planes.calls ?? 300} calls`, growth?.planes.control, 0.05),
  ]
}

function checkViewing({ viewing }: Results): Check[] {
  const later = viewing && medianOfTurns(viewing, ({ alone, watched }) => latenessOf(watched) - latenessOf(alone))
  const dearer = viewing && medianOfTurns(viewing, ({ alone, watched }) => watched.cpuUsPerFrame / alone.cpuUsPerFrame)
  const isSpoilt = viewing?.turns.some((turn) => [turn.alone, turn.watched].some((each) => isDisturbed(each.deprived)))
  const checks = [
    checkAtMost('somebody looks: send lateness p99, ms more', later, WATCHED_LATER_MS),
    checkAtMost('somebody looks: cost of a frame / while nobody does', dearer, WATCHED_CPU),
  ]
  return checks.map((check) => excused(check, isSpoilt ?? false))
}

function latenessOf({ server }: Window): number {
  return server.latenessMs?.p99 ?? Number.NaN
}

function checkLong({ longRun }: Results): Check[] {
  const all = longRun?.steps ?? []
  // Pauses and lateness are taken by the wall clock, which goes on while somebody else has the core.
  const calm = all.filter(({ deprived }) => !isDisturbed(deprived))
  const drift = calm.length * 2 < all.length || all.length === 0 ? undefined : driftOf(calm)
  const long = (all.at(-1)?.atMs ?? 0) >= LONG_ENOUGH_MS ? drift : undefined
  const checks = [
    checkAtMost('long run: memory at the end / after warm-up', long?.memory, MEMORY_GROWTH),
    checkAtMost('long run: drift of lateness p99, ms', long?.latenessMs, DRIFT_MS),
    checkAtMost('long run: longest GC pause, ms', drift?.worstGcMs, 10),
  ]
  if (calm.length === all.length) return checks
  return checks.map((check) => ({
    ...check,
    note: `of ${calm.length} windows in ${all.length}: the rest were disturbed`,
  }))
}
