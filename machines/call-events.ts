import type { LegOutcome, Reason } from './reasons.ts'

/** Commands are imperative, facts are in the past tense; audio frames are neither and never come here. */
export type CallEvent = CallCommand | LegFact | StreamFact | InboundFact | OutboundFact

export type CallCommand =
  | { readonly type: 'call.connect' }
  /** Let queued speech finish, if anybody can hear it, then hang up. */
  | { readonly type: 'call.finish'; readonly reason: Reason; readonly cause?: string | undefined }
  /** Hang up now. */
  | { readonly type: 'call.hangUp'; readonly reason: Reason; readonly cause?: string | undefined }

/** What the carrier says about the leg: late, twice and out of order, so every state must bear any of them. */
export type LegFact =
  | { readonly type: 'leg.ringing'; readonly callSid: string }
  | { readonly type: 'leg.answered'; readonly callSid: string }
  | { readonly type: 'leg.ended'; readonly callSid: string; readonly outcome: LegOutcome }

/** A call may have several streams, one after the other: `streamSid` tells whose fact it is; without it, the present one's. */
export type StreamFact =
  | { readonly type: 'stream.started'; readonly streamSid: string; readonly callSid: string }
  /** The carrier's own `stop`: the far end is gone. */
  | { readonly type: 'stream.stopped'; readonly streamSid?: string | undefined }
  /** The socket died without a `stop`. `at` is monotonic milliseconds. */
  | {
      readonly type: 'stream.lost'
      readonly at: number
      readonly cause: string
      readonly streamSid?: string | undefined
    }
  /** The stream speaks a format we do not decode. */
  | { readonly type: 'stream.refused'; readonly cause: string }

export type InboundFact =
  /** No frame for a while. `at` is monotonic milliseconds. */
  | { readonly type: 'media.silent'; readonly at: number }
  | { readonly type: 'media.resumed' }
  | { readonly type: 'speech.started' }
  | { readonly type: 'speech.ended' }
  | { readonly type: 'digit.received' }

export type OutboundFact =
  | { readonly type: 'playback.started' }
  | { readonly type: 'playback.drained' }
  | { readonly type: 'playback.cleared' }
  | { readonly type: 'queue.crowded' }
  | { readonly type: 'queue.relieved' }
  | { readonly type: 'queue.stalled'; readonly at: number }
