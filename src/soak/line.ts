import { sleep } from '../simulator/waiting.ts'
import { judge } from './judge.ts'
import type { Entry } from './ledger.ts'
import { Performance } from './performance.ts'
import type { CallPlan } from './plan.ts'
import type { Stage } from './stage.ts'
import type { Lateness } from './stalls.ts'
import type { Tally } from './tally.ts'
import { carryOut } from './telephone.ts'

/** After its leg is over, the server may take so long to be done with a call: hanging up, with all its repeats. */
const PATIENCE_MS = 40_000
/** Everything goes on at whole steps from here: what the real world takes for an answer is not seen in the course. */
const STEP_MS = 100

export interface LineOptions {
  readonly stage: Stage
  readonly tally: Tally
  /** When the process itself had no time. */
  readonly lateness: Lateness
  readonly isDraining: () => boolean
}

/** Carries one call out and judges it. Never rejects. */
export async function playCall(plan: CallPlan, options: LineOptions): Promise<void> {
  const { stage, tally, lateness, isDraining } = options
  const performance = new Performance(plan)
  const { clock, ledger, log } = stage
  performance.beganAt = clock.now()
  stage.playing.set(plan.key, performance)
  try {
    await carryOut(performance, stage)
  } catch (error) {
    performance.complain(`it could not be carried out: ${String(error instanceof Error ? error.stack : error)}`)
  }
  await settled(performance, stage)
  performance.endedAt = clock.now()
  const { beganAt, endedAt } = performance
  const entries = ledger.of(plan.key, performance.call?.sid)
  const verdict = judge(performance, entries, {
    isOutage: log.outages.held(beganAt, endedAt),
    isStalled: (plan.role.kind === 'echo' ? lateness.hiccups : lateness.stalls).held(beganAt, endedAt),
    isDraining: isDraining(),
  })
  performance.undoAll()
  tally.note(performance, verdict)
  ledger.settle(entries)
  stage.playing.delete(plan.key)
  forget(performance)
}

/** Resolves when the leg, its record and the answer to whoever dialled are there, or have had their time. */
async function settled(performance: Performance, { clock, ledger }: Stage): Promise<void> {
  const { plan, targets } = performance
  const giveUpAt = clock.now() + PATIENCE_MS
  const isSettled = (): boolean => {
    const { call, dialled } = performance
    if (plan.direction === 'outbound' && dialled === undefined) return false
    const hasStream = call?.streams.some((stream) => stream.end === undefined) === true
    return (
      !hasStream &&
      targets.every((leg) => leg.isOver) &&
      ledger.of(plan.key, call?.sid).every((entry: Entry) => entry.isKept)
    )
  }
  do await sleep(clock, STEP_MS - (clock.now() % STEP_MS))
  while (!isSettled() && clock.now() < giveUpAt)
}

/** The simulator keeps all that was said on a call as long as it keeps the call: that would be the soak's own growth. */
function forget({ call, targets }: Performance): void {
  for (const leg of [...(call === undefined ? [] : [call]), ...targets]) {
    for (const stream of leg.streams) {
      stream.log.entries.length = 0
      stream.sentFrames.length = 0
    }
  }
}
