/** What the media plane tells the control plane and the agent: a few a second, never one a frame. */
export type MediaEdge =
  | { readonly type: 'media.silent'; readonly at: number }
  | { readonly type: 'media.resumed' }
  | { readonly type: 'speech.started' }
  | { readonly type: 'speech.ended' }
  | { readonly type: 'playback.started' }
  | { readonly type: 'playback.drained' }
  | { readonly type: 'playback.cleared' }
  | { readonly type: 'queue.crowded' }
  | { readonly type: 'queue.relieved' }
  | { readonly type: 'queue.stalled'; readonly at: number }
  /** A listener was too slow, so its oldest audio was forgotten. */
  | { readonly type: 'audio.dropped'; readonly ms: number }

export type ReportEdge = (edge: MediaEdge) => void
