import { setMaxListeners } from 'node:events'
import { sleep } from '../simulator/waiting.ts'
import { Chance } from './chance.ts'
import { type LineOptions, playCall } from './line.ts'
import type { SoakOptions } from './options.ts'
import type { CallPlan } from './plan.ts'
import { Planner } from './planner.ts'
import { rushNowAndThen } from './rush.ts'
import { strollAbout } from './stranger.ts'

export interface ActOptions {
  /** From 1. */
  readonly act: number
  /** No call begins after so long; those that have are let come to their end. */
  readonly actMs: number
  readonly soak: SoakOptions
  readonly lines: LineOptions
}

/** Each act has turns of its own, so that one that went slower changes nothing in the next. */
const TURNS_PER_ACT = 1_000

/** Plays all lines for one act; resolves when the last call that was begun in it has been judged. */
export async function playAct({ act, actMs, soak, lines }: ActOptions): Promise<void> {
  const { stage } = lines
  if (soak.only !== undefined) return stage.meanwhile(playOnly(soak, soak.only, lines))
  const curtain = new AbortController()
  // Every line listens.
  setMaxListeners(0, curtain.signal)
  const until = stage.clock.now() + actMs
  void sleep(stage.clock, actMs).then(() => curtain.abort())
  const planner = new Planner(soak.seed)
  const all = Array.from({ length: soak.calls }, async (_, line) => {
    await sleep(stage.clock, line)
    for (let turn = act * TURNS_PER_ACT; stage.clock.now() < until; turn += 1) {
      await playTurn(planner.plan(line, turn), lines, curtain.signal)
    }
  })
  const complain = (got: string) => lines.tally.complain({ invariant: 'orderly', expected: 'a fitting answer', got })
  const others = [
    strollAbout(stage, new Chance(soak.seed, 'stranger', act), curtain.signal, complain),
    rushNowAndThen(new Chance(soak.seed, 'rush', act), lines, curtain.signal),
  ]
  await stage.meanwhile(Promise.all([...all, ...others]))
}

async function playTurn(plan: CallPlan, lines: LineOptions, curtain: AbortSignal): Promise<void> {
  await sleep(lines.stage.clock, plan.pauseMs, curtain)
  if (!curtain.aborted) await playCall(plan, lines)
}

/** Single calls again, each line's in their order. */
async function playOnly({ seed }: SoakOptions, keys: readonly string[], lines: LineOptions): Promise<void> {
  const planner = new Planner(seed)
  const turns = keys.map((key) => key.split('/').map(Number))
  const byLine = new Map<number, number[]>()
  for (const [line = 0, turn = 0] of turns) byLine.set(line, [...(byLine.get(line) ?? []), turn])
  await Promise.all(
    [...byLine].map(async ([line, list]) => {
      for (const turn of list) await playCall(planner.plan(line, turn), lines)
    }),
  )
}
