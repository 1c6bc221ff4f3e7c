import type { Verdict } from './verdict.ts'

/** The most calls that are carried: up or down in leaps to the first that are not, then by halves between the two. */

export interface SearchOptions {
  /** Where to look first; the nearer, the fewer probes. */
  readonly start: number
  /** Each leap, e.g. 1.25. */
  readonly leap: number
  /** When the answer is known to such a share of itself, that will do. */
  readonly resolution: number
  readonly most: number
  /** Asked before each probe: out of time, the answer is what is known. */
  readonly isOver?: () => boolean
}

export interface SearchResult {
  /** 0 when not even one is. */
  readonly most: number
  /** What gave way just above it; undefined when nothing did up to the limit, `out of time` when nothing did as long as there was time. */
  readonly limit: Verdict | 'out of time' | undefined
}

export type Probe = (calls: number) => Promise<Verdict>

export async function findMost(probe: Probe, options: SearchOptions): Promise<SearchResult> {
  const { leap, resolution, most } = options
  let [carried, refused] = [0, most + 1]
  let limit: SearchResult['limit']
  let next = clamp(options.start, most)
  const isNear = () => refused - carried <= Math.max(1, carried * resolution)
  while (!isNear()) {
    if (options.isOver?.() === true) return { most: carried, limit: limit ?? 'out of time' }
    const verdict = await probe(next)
    if (verdict === 'carried') carried = next
    else [refused, limit] = [next, verdict]
    next = following(carried, refused, { leap, most })
  }
  return { most: carried, limit }
}

/** Leaps while only one side is known, halves once both are. */
function following(carried: number, refused: number, { leap, most }: { leap: number; most: number }): number {
  if (refused > most) return clamp(Math.max(carried + 1, carried * leap), most)
  if (carried === 0) return clamp(Math.min(refused - 1, refused / leap), most)
  return clamp((carried + refused) / 2, most)
}

function clamp(calls: number, most: number): number {
  return Math.min(most, Math.max(1, Math.round(calls)))
}
