import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Which core each side has to itself; undefined where it cannot be arranged. */
export interface Pinning {
  readonly server: number | undefined
  readonly load: number | undefined
  /** For the reader of the results. */
  readonly how: string
}

const TASKSET = 'taskset'

/** By `taskset`: the server on the last core, where the fewest interrupts are, and the load on the one before it. */
export function findPinning(): Pinning {
  const cores = availableParallelism()
  if (cores < 2) return unpinned('expected at least two cores, got one')
  if (spawnSync(TASKSET, ['-c', String(cores - 1), 'true']).status !== 0) return unpinned('taskset is not there')
  const [server, load] = [cores - 1, cores - 2]
  return { server, load, how: `taskset: server on core ${server}, load generator on core ${load}` }
}

function unpinned(why: string): Pinning {
  return { server: undefined, load: undefined, how: `not pinned: ${why}` }
}

export function pinned(argv: readonly string[], core: number | undefined): readonly string[] {
  return core === undefined ? argv : [TASKSET, '-c', String(core), ...argv]
}

/**
 * For how long a process's main thread has been kept waiting for its core, by others here or by the hypervisor, in
 * milliseconds; undefined off Linux.
 */
export function waitedMs(pid: number | undefined, core: number | undefined): number | undefined {
  try {
    // Time on the core, time waiting for it (both in nanoseconds), and turns: proc(5).
    const nanoseconds = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]
    return Number(nanoseconds) / 1e6 + stolenMs(core)
  } catch {
    return undefined
  }
}

/** The eighth figure of a core's line, in hundredths of a second. */
function stolenMs(core: number | undefined): number {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`cpu${core} `))
  return Number(line?.split(' ')[8] ?? 0) * 10
}
