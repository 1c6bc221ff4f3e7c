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
  /** Too much waited to be said, and more came: so much of what waited was given up for it. */
  | { readonly type: 'audio.skipped'; readonly ms: number }
  /** What the far end was to hear on hold could not be played to it any more; it hears the built-in tune. */
  | { readonly type: 'hold.faulted'; readonly cause: string }

export type ReportEdge = (edge: MediaEdge) => void
