import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { measureAudio } from './audio.ts'
import { type Capacity, guessMost, measureCapacity, searchMost, STEADY_SHARE } from './capacity.ts'
import { drawCapacities } from './chart.ts'
import { hasMissed } from './checks.ts'
import {
  CALLCHART,
  type Contender,
  findPython,
  FLOOR,
  NAIVE,
  PYTHON,
  PYTHON_PROTOCOLS,
  TALKATIVE,
} from './contenders.ts'
import { type Growth, measureGrowth } from './growth.ts'
import { type LongRun, measureLongRun } from './long-run.ts'
import { describeMachine } from './machine.ts'
import { type BenchOptions, type BenchPlan, FULL_PLAN, parseBenchOptions, QUICK_PLAN } from './options.ts'
import { findPinning, type Pinning } from './pinning.ts'
import { RESULTS_FOLDER } from './places.ts'
import { writeReport } from './report.ts'
import { checkAll, type Results } from './results.ts'
import { Session } from './session.ts'
import { measureSettingUp } from './set-ups.ts'
import { measureStages } from './stages.ts'
import { measureViewing, type Viewing } from './viewing.ts'

/** Calls at which the two WebSocket libraries of Python are compared. */
const PYTHON_TRIAL_CALLS = 60
/** A core that carries fewer has other troubles than growth. */
const FEWEST_CALLS = 20

interface Run {
  readonly options: BenchOptions
  readonly plan: BenchPlan
  readonly pinning: Pinning
  readonly versions: Record<string, string>
  readonly absent: { name: string; why: string }[]
}

/** The whole benchmark, or the part that `args` name. False when a target was missed. */
export async function runBench(args: readonly string[]): Promise<boolean> {
  const options = parseBenchOptions(args, RESULTS_FOLDER)
  const run: Run = {
    options,
    plan: options.quick ? QUICK_PLAN : FULL_PLAN,
    pinning: findPinning(),
    versions: { node: process.versions.node },
    absent: [],
  }
  const parts = await measureParts(run)
  const results = { machine: describeMachine(run.pinning.how, run.versions), absent: run.absent, ...parts }
  await tellResults(results, options)
  return !hasMissed(checkAll(results))
}

type Parts = Omit<Results, 'machine' | 'absent'>

function measureParts(run: Run): Promise<Parts> {
  const { long, viewing, setup } = run.options
  if (long) return longOnly(run)
  if (setup) return setupOnly(run)
  return viewing ? viewingOnly(run) : measureAll(run)
}

async function measureAll(run: Run): Promise<Parts> {
  const { only } = run.options
  const ours = [CALLCHART, TALKATIVE, FLOOR, NAIVE]
  if (only !== undefined) return { capacities: await measureCapacities(await chosen(only, ours, run), run) }
  const all = [...ours, ...(await fasterPython(run))]
  tell('one frame: audio, stages')
  const [audio, stages] = [await measureAudio(), await measureStages()]
  const capacities = await measureCapacities(all, run)
  const most = capacities.find(({ name }) => name === CALLCHART.name)?.most ?? 0
  if (most < FEWEST_CALLS) return { audio, stages, capacities }
  const growth = await measureGrowthOf(most, run)
  const viewing = await measureViewingOf(() => Promise.resolve(most), run)
  const longRun = await measureLongOf(Math.floor(most * STEADY_SHARE), run)
  return { audio, stages, capacities, growth, viewing, longRun }
}

async function chosen(only: string, ours: readonly Contender[], run: Run): Promise<readonly Contender[]> {
  if (PYTHON.startsWith(only)) return fasterPython(run)
  const found = ours.filter(({ name }) => name.startsWith(only))
  if (found.length > 0) return found
  const names = [...ours.map(({ name }) => name), PYTHON].join('; ')
  throw new Error(`expected the beginning of one of ${names}; got ${JSON.stringify(only)}`)
}

async function longOnly(run: Run): Promise<Parts> {
  tell('callchart: the most calls')
  const { most } = await within(CALLCHART, run, async (session) => {
    return searchMost(session, await guessMost(session, run.plan), run.plan)
  })
  const calls = Math.max(FEWEST_CALLS, Math.floor(most * STEADY_SHARE))
  return { capacities: [], longRun: await measureLongOf(calls, run) }
}

async function viewingOnly(run: Run): Promise<Parts> {
  return { capacities: [], viewing: await measureViewingOf((session) => guessMost(session, run.plan), run) }
}

async function setupOnly(run: Run): Promise<Parts> {
  tell('callchart and floor by turns: what it costs to set calls up')
  const settingUp = await within(CALLCHART, run, (ours) => {
    return within(FLOOR, run, (floor) => measureSettingUp([ours, floor], run.plan))
  })
  return { capacities: [], settingUp }
}

/** In rounds, one contender after the other, so that an hour of the machine's does not favour one of them. */
async function measureCapacities(contenders: readonly Contender[], run: Run): Promise<readonly Capacity[]> {
  const rounds: Capacity[][] = contenders.map(() => [])
  for (let round = 1; round <= run.plan.rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      tell(`${contender.name}: the most calls${run.plan.rounds > 1 ? `, round ${round} of ${run.plan.rounds}` : ''}`)
      const capacity = await within(contender, run, (session) => measureCapacity(session, run.plan))
      tell(`  ${capacity.most}, then ${capacity.limit ?? 'nothing'}`)
      rounds[index]?.push(capacity)
    }
  }
  return rounds.flatMap(middle)
}

/** The round whose number of calls is the median. */
function middle(rounds: readonly Capacity[]): readonly Capacity[] {
  const sorted = rounds.toSorted((a, b) => a.most - b.most)
  return sorted.slice(Math.floor(sorted.length / 2)).slice(0, 1)
}

/** With whichever WebSocket library costs it less; none where Python has not got what it takes. */
async function fasterPython(run: Run): Promise<readonly Contender[]> {
  const found = PYTHON_PROTOCOLS.flatMap((protocol) => findPython(protocol) ?? [])
  if (found.length === 0) {
    run.absent.push({ name: PYTHON, why: 'which needs python3 with fastapi, uvicorn, uvloop, audioop and wsproto' })
    return []
  }
  const costs = new Map<Contender, number>()
  for (const contender of found) {
    tell(`python: ${contender.what}`)
    const cost = await within(contender, run, async (session) => {
      await session.resize(PYTHON_TRIAL_CALLS)
      return (await session.measure(run.plan.windowMs)).cpuUsPerFrame
    })
    costs.set(contender, cost)
  }
  return found.toSorted((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0)).slice(0, 1)
}

function measureGrowthOf(most: number, run: Run): Promise<Growth> {
  tell(`callchart: growth up to ${most} calls`)
  return within(CALLCHART, run, (session) => measureGrowth(session, most, run.plan))
}

function measureViewingOf(mostOf: (session: Session) => Promise<number>, run: Run): Promise<Viewing> {
  tell('callchart: while somebody looks')
  return within(CALLCHART, run, async (session) => measureViewing(session, await mostOf(session), run.plan))
}

function measureLongOf(calls: number, run: Run): Promise<LongRun> {
  tell(`callchart: ${calls} calls for ${run.plan.longMs / 1_000} s`)
  return within(CALLCHART, run, (session) => measureLongRun(session, calls, run.plan))
}

async function within<T>(contender: Contender, run: Run, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.open(contender, run.pinning)
  try {
    Object.assign(run.versions, session.versions)
    return await use(session)
  } finally {
    await session.close()
  }
}

async function tellResults(results: Results, { out, json }: BenchOptions): Promise<void> {
  const [report, raw] = [writeReport(results), JSON.stringify({ ...results, checks: checkAll(results) }, undefined, 2)]
  process.stdout.write(`${json ? raw : report}\n`)
  if (out === undefined) return
  await mkdir(out, { recursive: true })
  const { date, cpu } = results.machine
  await writeFile(join(out, 'results.md'), `${report}\n`)
  await writeFile(join(out, 'results.json'), `${raw}\n`)
  await writeFile(join(out, 'calls.svg'), drawCapacities(results.capacities, `${date.slice(0, 10)}, ${cpu}`))
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
