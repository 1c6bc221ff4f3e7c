import { setTimeout as realSleep } from 'node:timers/promises'
import { playAct } from './act.ts'
import { drainAll } from './drain.ts'
import type { LineOptions } from './line.ts'
import { MOST_GROWTH_MB, type MemoryUse, usedMb } from './memory.ts'
import type { SoakOptions } from './options.ts'
import { countHandles, moreHandles, ProcessWatch } from './process-watch.ts'
import { lookAround } from './quiet.ts'
import { openStage, type Stage } from './stage.ts'
import { Stalls } from './stalls.ts'
import { Tally } from './tally.ts'
import { Weather } from './weather.ts'

export interface SoakResult {
  readonly options: SoakOptions
  readonly tally: Tally
  /** Before the first act and after each. */
  readonly memory: readonly MemoryUse[]
  /** Real time. */
  readonly tookMs: number
  /** How often the process was held up on purpose, and how often the carrier was left alone for its failures. */
  readonly stalls: number
  readonly outages: number
}

/** After each act all calls are let come to their end; memory at the end is compared with that after a third of them. */
const FEWEST_ACTS = 3
/** A longer soak has more acts, not longer ones. */
const LONGEST_ACT_MS = 300_000
/** Real time in which sockets go away once everything is closed. */
const CLOSING_MS = 10_000
const LOOK_MS = 100

/** Rejects only when there was no soaking at all; what went wrong in it is in the result. */
export async function soak(options: SoakOptions, tell: (line: string) => void): Promise<SoakResult> {
  const beganAt = performance.now()
  const handles = countHandles()
  const watch = new ProcessWatch()
  const tally = new Tally(options.isVerbose ? tell : undefined)
  watch.start()
  try {
    const run = await play(options, tally, tell)
    await judgeHandles(handles, tally)
    judgeMemory(run.memory, tally)
    for (const { event, what } of watch.seen)
      tally.complain({ invariant: 'caught', expected: `no ${event}`, got: what })
    return { ...run, options, tally, tookMs: performance.now() - beganAt }
  } finally {
    watch.stop()
  }
}

async function play(options: SoakOptions, tally: Tally, tell: (line: string) => void) {
  const stage = await openStage(options)
  const lateness = { stalls: new Weather(), hiccups: new Weather() }
  const stalls = new Stalls(stage.clock, options.seed, lateness)
  let isDraining = false
  const lines: LineOptions = { stage, tally, lateness, isDraining: () => isDraining }
  const memory: MemoryUse[] = []
  try {
    if (!options.isSimulated) stalls.start()
    const { acts, actMs } = actsOf(options)
    for (let act = 1; act <= acts; act += 1) {
      await playAct({ act, actMs, soak: options, lines })
      const use = await lookAround(stage, options, tally)
      memory.push(use)
      tell(`act ${act} of ${acts}: ${tally.calls} calls, ${tally.breachCount} breaches, ${usedMb(use).toFixed(1)} MB`)
    }
    stalls.stop()
    isDraining = true
    if (options.only === undefined) await drainAll({ act: acts + 1, soak: options, lines })
  } finally {
    stalls.stop()
    await close(stage, tally)
  }
  return { memory, stalls: stalls.count, outages: stage.log.outages.count }
}

function actsOf({ minutes, only }: SoakOptions): { readonly acts: number; readonly actMs: number } {
  const totalMs = minutes * 60_000
  if (only !== undefined) return { acts: 1, actMs: 0 }
  const acts = FEWEST_ACTS * Math.ceil(totalMs / (FEWEST_ACTS * LONGEST_ACT_MS))
  return { acts, actMs: totalMs / acts }
}

async function close(stage: Stage, tally: Tally): Promise<void> {
  try {
    await stage.close()
  } catch (error) {
    tally.complain({ invariant: 'released', expected: 'to close with nothing alive', got: String(error) })
  }
}

async function judgeHandles(before: ReadonlyMap<string, number>, tally: Tally): Promise<void> {
  const giveUpAt = performance.now() + CLOSING_MS
  let more = moreHandles(before, countHandles())
  while (more !== undefined && performance.now() < giveUpAt) {
    await realSleep(LOOK_MS)
    more = moreHandles(before, countHandles())
  }
  if (more !== undefined) tally.complain({ invariant: 'empty', expected: 'no handle besides those before', got: more })
}

function judgeMemory(memory: readonly MemoryUse[], tally: Tally): void {
  const [third, end] = [memory[Math.ceil(memory.length / FEWEST_ACTS) - 1], memory.at(-1)]
  if (third === undefined || end === undefined) return
  const growth = usedMb(end) - usedMb(third)
  if (growth <= MOST_GROWTH_MB) return
  const expected = `at most ${MOST_GROWTH_MB} MB more than after the first third (${usedMb(third).toFixed(1)} MB)`
  tally.complain({ invariant: 'flat', expected, got: `${growth.toFixed(1)} MB more` })
}
