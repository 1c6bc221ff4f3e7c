import type { LoadFigures } from './load/figures.ts'

/** Whether a server carries so many calls well. */

/** The 99th percentile of the echo may lie this far above what the design waits for on purpose. */
const ECHO_MS = 20
/** Past these the load generator, not the server, is what is being measured. */
const OWN_LATENESS_P99_MS = 10
const OWN_CPU = 0.93

/** `carried`; else what gave way first. */
export type Verdict = 'carried' | 'calls lost' | 'gaps' | 'late' | 'generator saturated' | 'machine disturbed'

/** Past this share of the time, in which the server had to wait for its core, the fault is not the server's. */
const DISTURBED = 0.05

/** @param deprived the share of the time in which the server's core was somebody else's; undefined where it cannot be told. */
export function isDisturbed(deprived: number | undefined): boolean {
  return deprived !== undefined && deprived > DISTURBED
}

/** @param pacingMs for how long the contender's own pacing may hold a frame. */
export function judge(figures: LoadFigures, pacingMs: number): Verdict {
  // First: whatever else is wrong may come of it.
  if (figures.ownLatenessMs.p99 > OWN_LATENESS_P99_MS || figures.ownCpu > OWN_CPU) return 'generator saturated'
  if (figures.losses > 0) return 'calls lost'
  if (figures.gaps > 0) return 'gaps'
  return figures.echoMs.p99 > pacingMs + ECHO_MS || figures.framesHeard === 0 ? 'late' : 'carried'
}
