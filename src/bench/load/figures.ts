import { type Quantiles, quantilesOf } from '../quantiles.ts'
import type { OwnFigures } from './beat.ts'
import type { Tally } from './tally.ts'

/** What one window came to, as the callers have it. Durations in milliseconds. */
export interface LoadFigures {
  readonly calls: number
  readonly framesSent: number
  readonly framesHeard: number
  readonly messagesReceived: number
  readonly discarded: number
  readonly echoMs: Quantiles
  readonly heardMs: Quantiles
  readonly bargeInMs: Quantiles
  readonly firstAudioMs: Quantiles
  /** Gaps of more than 40 ms at a caller, less what was the generator's own lateness. */
  readonly gaps: number
  readonly worstGapMs: number
  readonly losses: number
  readonly firstLoss?: string
  /** The generator's own lateness and share of its core. */
  readonly ownLatenessMs: Quantiles
  readonly ownCpu: number
}

export interface Window {
  readonly tally: Tally
  readonly calls: number
  readonly framesSent: number
  readonly framesHeard: number
  readonly own: OwnFigures
}

export function toFigures({ tally, own, ...counts }: Window): LoadFigures {
  const [firstLoss] = tally.losses
  return {
    ...counts,
    framesHeard: Math.round(counts.framesHeard),
    messagesReceived: tally.messagesReceived,
    discarded: tally.discarded,
    echoMs: quantilesOf(tally.echoMs),
    heardMs: quantilesOf(tally.heardMs),
    bargeInMs: quantilesOf(tally.bargeInMs),
    firstAudioMs: quantilesOf(tally.firstAudioMs),
    gaps: tally.gaps,
    worstGapMs: tally.worstGapMs,
    losses: tally.losses.length,
    ...(firstLoss === undefined ? {} : { firstLoss }),
    ownLatenessMs: quantilesOf(own.latenessMs),
    ownCpu: own.cpu,
  }
}
