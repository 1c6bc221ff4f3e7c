import type { LegOutcome, Reason } from './reasons.ts'

/** Commands are imperative, facts are in the past tense; audio frames are neither and never come here. */
export type CallEvent =
  | CallCommand
  | LegFact
  | DialFact
  | StreamFact
  | InboundFact
  | OutboundFact
  | RecordingCommand
  | BridgeFact
  | AwayFact

export type CallCommand =
  | { readonly type: 'call.connect' }
  /** It was under way already, in a process that has died: wait for a fresh stream. */
  | { readonly type: 'call.adopt' }
  /** Let queued speech finish, if anybody can hear it, then hang up. */
  | { readonly type: 'call.finish'; readonly reason: Reason; readonly cause?: string | undefined }
  /** Hang up now. */
  | { readonly type: 'call.hangUp'; readonly reason: Reason; readonly cause?: string | undefined }
  /** The line stays, and the far end hears the hold audio. */
  | { readonly type: 'call.hold' }
  | { readonly type: 'call.resume' }
  /** Hands the far end over to somebody else. What it says of the target, its owner keeps. */
  | {
      readonly type: 'call.transfer'
      /** Queued speech is cut off. */
      readonly isUrgent: boolean
      /** Another agent takes the call, should it come back. */
      readonly hasSuccessor: boolean
      readonly ringMs: number
    }

/** To the carrier's recording of the call. */
export type RecordingCommand =
  | { readonly type: 'call.record' }
  | { readonly type: 'call.pauseRecording' }
  | { readonly type: 'call.resumeRecording' }
  | { readonly type: 'call.stopRecording' }

/** The chart's own news to its regions: the far end is with somebody else, and it has come back. */
export type AwayFact =
  | { readonly type: 'call.left' }
  /** `mayHaveLeft`: unless the carrier certainly never took it out of our stream. */
  | { readonly type: 'call.returned'; readonly mayHaveLeft: boolean }

/** The carrier's word for how a dialled leg came out; `refused`: it was never dialled. */
export type DialOutcome = LegOutcome | 'refused'

/** What the carrier says of the leg it dials for a transfer. */
export type DialFact =
  | { readonly type: 'dial.ringing' }
  | { readonly type: 'dial.answered' }
  | { readonly type: 'dial.ended'; readonly outcome: DialOutcome }

/** A transfer's own news to its call: the carrier has said nothing for so long that they must be talking. */
export type BridgeFact = { readonly type: 'bridge.presumed' }

/** What the carrier says about the leg: late, twice and out of order, so every state must bear any of them. */
export type LegFact =
  | { readonly type: 'leg.ringing'; readonly callSid: string }
  | { readonly type: 'leg.answered'; readonly callSid: string }
  | { readonly type: 'leg.ended'; readonly callSid: string; readonly outcome: LegOutcome }
  /** The carrier's word for who, or what, has answered: `human`, `machine_start`, `machine_end_beep`, `fax`... */
  | { readonly type: 'leg.detected'; readonly answeredBy: string }

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
  /** Too much waits to be said, and the call is to end rather than to lag. */
  | { readonly type: 'queue.overflowed' }
