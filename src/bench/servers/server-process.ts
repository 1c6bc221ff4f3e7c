import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { GCProfiler } from 'node:v8'
import { obey } from '../line-protocol.ts'
import type { Samples } from './samples.ts'

/** What every contender tells of itself. Times in milliseconds unless they say otherwise. */
export interface ServerFigures {
  /** Of all threads, since the process began. */
  readonly cpuMs: number
  readonly rssBytes: number
  /** JavaScript's heap and its buffers; only after `settle` are they without garbage. Python has none to tell. */
  readonly heapBytes?: number
  /** How late what is sent by the clock was, since the last `reset`; absent where nothing is. */
  readonly latenessMs?: { readonly p50: number; readonly p99: number; readonly p999: number; readonly count: number }
  readonly worstGcMs?: number
  /** The longest of those that went through the whole heap, not the young part alone. */
  readonly worstFullGcMs?: number
  readonly gcMs?: number
}

export interface BenchServer {
  /** Where it listens, on loopback. */
  readonly port: number
  readonly latenessMs?: Samples
  /** Further commands. */
  readonly commands?: Parameters<typeof obey>[1]
}

/** Obeys on behalf of a server that has begun to listen, until the parent lets go. */
export async function runServer({ port, latenessMs, commands }: BenchServer): Promise<void> {
  const collections = new Collections()
  const figures = (): ServerFigures => ({ ...processFigures(), ...collections.figures(), ...latenessOf(latenessMs) })
  await obey(
    { port, versions: { node: process.versions.node, v8: process.versions.v8 } },
    {
      figures: () => ({ ...figures() }),
      reset: () => {
        latenessMs?.reset()
        collections.reset()
        return { ...figures() }
      },
      settle: () => {
        globalThis.gc?.()
        return { ...figures() }
      },
      allocated: async ({ ms }) => ({ bytes: await allocatedIn(Number(ms)) }),
      ...commands,
    },
  )
  process.exit(0)
}

function processFigures(): ServerFigures {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { cpuMs: (user + system) / 1_000, rssBytes: rss, heapBytes: heapUsed + external }
}

function latenessOf(samples: Samples | undefined): Pick<ServerFigures, 'latenessMs'> {
  return samples === undefined ? {} : { latenessMs: samples.quantiles() }
}

/** The collector's pauses; those that were asked for do not count. */
class Collections {
  #worstGcMs = 0
  #worstFullGcMs = 0
  #gcMs = 0

  constructor() {
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { kind, flags } = detailOf(entry)
        if ((flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0) continue
        this.#worstGcMs = Math.max(this.#worstGcMs, entry.duration)
        const isFull = kind === constants.NODE_PERFORMANCE_GC_MAJOR
        if (isFull) this.#worstFullGcMs = Math.max(this.#worstFullGcMs, entry.duration)
        this.#gcMs += entry.duration
      }
    })
    observer.observe({ entryTypes: ['gc'] })
  }

  figures(): Pick<ServerFigures, 'worstGcMs' | 'worstFullGcMs' | 'gcMs'> {
    return { worstGcMs: this.#worstGcMs, worstFullGcMs: this.#worstFullGcMs, gcMs: this.#gcMs }
  }

  reset(): void {
    this.#worstGcMs = 0
    this.#worstFullGcMs = 0
    this.#gcMs = 0
  }
}

function detailOf(entry: PerformanceEntry): { readonly kind: number; readonly flags: number } {
  // Node's types leave the detail of a collection out.
  return 'detail' in entry ? (entry.detail as { readonly kind: number; readonly flags: number }) : { kind: 0, flags: 0 }
}

/** Bytes of JavaScript's heap that were taken in so many milliseconds: what each collection found, less what the one before left. */
async function allocatedIn(ms: number): Promise<number> {
  const profiler = new GCProfiler()
  profiler.start()
  const begin = process.memoryUsage().heapUsed
  await new Promise((resolve) => setTimeout(resolve, ms))
  const end = process.memoryUsage().heapUsed
  const { statistics } = profiler.stop()
  let [left, taken] = [begin, 0]
  for (const { beforeGC, afterGC } of statistics) {
    taken += beforeGC.heapStatistics.usedHeapSize - left
    left = afterGC.heapStatistics.usedHeapSize
  }
  return taken + end - left
}
