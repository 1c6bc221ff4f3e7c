import type { InboundFact, OutboundFact } from '../../machines/index.ts'

/**
 * What the media plane tells the control plane, in the chart's own words, and the agent: a few a second, never one a
 * frame. Digits do not come from here.
 */
export type MediaEdge =
  | Exclude<InboundFact, { readonly type: 'digit.received' }>
  | OutboundFact
  /** A listener was too slow, so its oldest audio was forgotten. */
  | { readonly type: 'audio.dropped'; readonly ms: number }

export type ReportEdge = (edge: MediaEdge) => void
