import { type CallTiming, DEFAULT_CALL_TIMING, NEVER_MS } from '../../machines/index.ts'
import type { DialTerms } from '../actors/call-session.ts'
import type { CallTimers } from '../http/desks.ts'

export const DEFAULT_TERMS: DialTerms = { ringTimeoutSeconds: 60, timeLimitSeconds: 3_600 }

/** A margin over the carrier's own ring timeout, which is the one that should decide. */
const RING_MARGIN_MS = 10_000

export interface Waits {
  readonly terms: DialTerms
  /** The call's own. */
  readonly timers: CallTimers | undefined
  readonly node: { readonly timers?: CallTimers; readonly timing?: Partial<CallTiming> }
}

/** How long one call waits for each thing: its own wish stands above the node's, and that above the chart's defaults. */
export function callTiming({ terms, timers, node }: Waits): CallTiming {
  return {
    ...DEFAULT_CALL_TIMING,
    ringMs: terms.ringTimeoutSeconds * 1_000 + RING_MARGIN_MS,
    limitMs: terms.timeLimitSeconds * 1_000,
    ...timingOf(node.timers),
    ...node.timing,
    ...timingOf(timers),
  }
}

function timingOf(timers: CallTimers = {}): Partial<CallTiming> {
  const { streamSeconds, silenceSeconds, idleSeconds, agentSilenceSeconds } = timers
  return {
    ...(streamSeconds === undefined ? {} : { streamMs: streamSeconds * 1_000 }),
    ...(silenceSeconds === undefined ? {} : { silenceMs: silenceSeconds * 1_000 }),
    ...(idleSeconds === undefined ? {} : { quietMs: limitMs(idleSeconds) }),
    ...(agentSilenceSeconds === undefined ? {} : { agentSilenceMs: limitMs(agentSilenceSeconds) }),
  }
}

/** 0 switches a limit off: then it is longer than any call. */
function limitMs(seconds: number): number {
  return seconds === 0 ? NEVER_MS : seconds * 1_000
}
