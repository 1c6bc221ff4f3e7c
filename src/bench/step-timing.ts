import { medianOf } from './quantiles.ts'

/** Steps that are timed in turn, round after round, in one process: a shared machine makes all of them doubtful alike. */

export interface Step {
  readonly name: string
  /** In one round: enough of them to last some milliseconds. */
  readonly turns: number
  /** One turn; what it returns is added up, so that no compiler may leave the work undone. */
  readonly run: () => number
}

const ROUNDS = 25
const WARM_UP_ROUNDS = 3

/** Microseconds a turn, the median of all rounds. */
export async function timeSteps(steps: readonly Step[]): Promise<ReadonlyMap<Step, number>> {
  const times = new Map<Step, number[]>(steps.map((step) => [step, []]))
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const [step, taken] of times) {
      const time = microsecondsATurn(step)
      if (round >= 0) taken.push(time)
    }
    await new Promise(setImmediate)
  }
  return new Map([...times].map(([step, taken]) => [step, medianOf(taken)]))
}

function microsecondsATurn({ run, turns }: Step): number {
  let seen = 0
  const start = process.hrtime.bigint()
  for (let turn = 0; turn < turns; turn += 1) seen += run()
  const elapsed = Number(process.hrtime.bigint() - start)
  return seen > 0 ? elapsed / turns / 1000 : Number.NaN
}

/** Growth of heap and buffers a turn; a round in which the collector ran shows as shrinking and does not count. */
export function bytesPerTurn({ run }: Step): number {
  const turns = 2_000
  const grown = Array.from({ length: ROUNDS }, () => {
    const before = process.memoryUsage()
    for (let turn = 0; turn < turns; turn += 1) run()
    const after = process.memoryUsage()
    return (after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers) / turns
  })
  return medianOf(grown.filter((bytes) => bytes >= 0))
}
