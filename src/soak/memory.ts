import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { setImmediate as eventLoopTurn, setTimeout as sleep } from 'node:timers/promises'

/** Mebibytes in use when everything was collected that could be. */
export interface MemoryUse {
  readonly heapMb: number
  /** Buffers, outside of the heap. */
  readonly buffersMb: number
}

const BYTES_PER_MB = 1_048_576
/** Finalizers and sockets take a few turns, and some real time, until what they held is garbage. */
const ROUNDS = 4
const PAUSE_MS = 20

/** Collects what can be collected first. */
export async function measureMemory(): Promise<MemoryUse> {
  const collect = globalThis.gc ?? exposeCollector()
  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(PAUSE_MS)
    await eventLoopTurn()
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return { heapMb: heapUsed / BYTES_PER_MB, buffersMb: external / BYTES_PER_MB }
}

/** Where node was not started with `--expose-gc`. */
function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

/** How much more may be in use at the end than after the first third: what is still compiled and cached meanwhile. */
export const MOST_GROWTH_MB = 6

export function usedMb({ heapMb, buffersMb }: MemoryUse): number {
  return heapMb + buffersMb
}
