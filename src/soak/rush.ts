import { sleep } from '../simulator/waiting.ts'
import type { Chance } from './chance.ts'
import { type LineOptions, playCall } from './line.ts'
import type { CallPlan } from './plan.ts'

const PAUSE = { low: 10_000, high: 50_000 } as const
const SIZE = { low: 10, high: 25 } as const
/** Beyond any line of the plan. */
const FIRST_LINE = 9_000

/**
 * Now and then more calls are to be dialled at once than there are places to wait in: for some there is none, and that
 * is what they are told. All the others find a busy line. Goes on until `signal` aborts.
 */
export async function rushNowAndThen(chance: Chance, options: LineOptions, signal: AbortSignal): Promise<void> {
  for (let turn = 0; ; turn += 1) {
    await sleep(options.stage.clock, chance.ms(PAUSE.low, PAUSE.high), signal)
    if (signal.aborted) return
    const size = chance.between(SIZE.low, SIZE.high)
    await Promise.all(Array.from({ length: size }, (_, index) => playCall(planBusy(index, turn), options)))
  }
}

function planBusy(index: number, turn: number): CallPlan {
  const line = FIRST_LINE + index
  return {
    key: `${line}/${turn}`,
    line,
    direction: 'outbound',
    pauseMs: 0,
    role: { kind: 'silent' },
    manner: 'is quiet',
    ending: { by: 'callee', outcome: 'busy' },
    isTold: true,
    dial: { callee: { outcome: 'busy' }, ringTimeoutSeconds: 10, keepsAudio: false },
    troubles: [],
  }
}
