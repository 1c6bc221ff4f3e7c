import type { Contender } from './contenders.ts'
import type { BenchPlan } from './options.ts'
import { medianOf } from './quantiles.ts'
import type { Session } from './session.ts'

/**
 * What it costs to set a call up while others talk. They are few, and what they cost is taken off; but as long as there
 * is a call, the engine keeps what it has compiled for calls. To count from a forced collection with no call left would
 * be to pay for compiling all of it again, which is as much as everything else.
 */
export interface SetUpCost {
  /** Of all threads of the server, in milliseconds. */
  readonly cpuMs: number
  readonly perSecond: number
}

/** One contender's set-ups, and what a call takes while it lasts. */
export interface SettingUp {
  readonly name: string
  /** Of a process that has just begun, and has its code still to compile. */
  readonly first: SetUpCost
  /** The median of the rounds that followed. */
  readonly later: SetUpCost
  /** Bytes of heap and of buffers, without garbage. */
  readonly heapPerCall: number
}

const STANDING_CALLS = 8
/** To see what they cost. */
const STANDING_MS = 2_000
const AT_ONCE = 32
/** Between these two numbers of calls the heap is compared. */
const FEW_CALLS = 50
const MANY_CALLS = 250

/** Sets calls up and ends each at its first audio. */
export async function measureSetUps(session: Session, plan: BenchPlan): Promise<SetUpCost> {
  await session.resize(STANDING_CALLS)
  const { cpuShare } = await session.measure(STANDING_MS)
  const { perSecond, cpuMs, elapsedMs } = await session.setUps(plan.setUps, AT_ONCE)
  return { perSecond, cpuMs: (cpuMs - cpuShare * elapsedMs) / plan.setUps }
}

/** In rounds, one contender after the other, so that an hour of the machine's does not favour one of them. */
export async function measureSettingUp(sessions: readonly Session[], plan: BenchPlan): Promise<readonly SettingUp[]> {
  const rounds = sessions.map((session) => ({ session, costs: [] as SetUpCost[] }))
  for (let round = 0; round < plan.setUpRounds; round += 1) {
    for (const { session, costs } of rounds) costs.push(await measureSetUps(session, plan))
  }
  const all: SettingUp[] = []
  for (const { session, costs } of rounds) {
    all.push(summed(session.contender, costs, await measureHeap(session)))
    await session.resize(0)
  }
  return all
}

function summed({ name }: Contender, [first = NOTHING, ...rest]: readonly SetUpCost[], heapPerCall: number): SettingUp {
  const later = {
    cpuMs: medianOf(rest.map(({ cpuMs }) => cpuMs)),
    perSecond: medianOf(rest.map(({ perSecond }) => perSecond)),
  }
  return { name, first, later, heapPerCall }
}

const NOTHING: SetUpCost = { cpuMs: Number.NaN, perSecond: Number.NaN }

/** Many calls were there once before they are counted: what they leave behind for the next is no call's. */
async function measureHeap(session: Session): Promise<number> {
  await session.resize(MANY_CALLS)
  await session.resize(FEW_CALLS)
  const few = await session.settle()
  await session.resize(MANY_CALLS)
  const many = await session.settle()
  return ((many.heapBytes ?? Number.NaN) - (few.heapBytes ?? Number.NaN)) / (MANY_CALLS - FEW_CALLS)
}
