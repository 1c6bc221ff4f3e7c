import { CALL_SID, type CallOptions, type CallUnderTest } from '../call-under-test.ts'

/** Starts a call that the suite watches, and brings to its end whatever the test left it in. */
export type Open = (options?: CallOptions) => CallUnderTest

export const STREAM_SID = 'MZ1'

export const streamStarted = { type: 'stream.started', streamSid: STREAM_SID, callSid: CALL_SID } as const
export const freshStreamStarted = { type: 'stream.started', streamSid: 'MZ2', callSid: CALL_SID } as const
/** Each by its own SID. */
export const streamNumber = (number: number) =>
  ({ type: 'stream.started', streamSid: `MZ1000${number}`, callSid: CALL_SID }) as const

export const legRinging = { type: 'leg.ringing', callSid: CALL_SID } as const
export const legAnswered = { type: 'leg.answered', callSid: CALL_SID } as const
export const legEnded = { type: 'leg.ended', callSid: CALL_SID, outcome: 'completed' } as const
export const hangUp = { type: 'call.hangUp', reason: 'hung up by API' } as const
export const finish = { type: 'call.finish', reason: 'transferred' } as const
export const refused = { type: 'stream.refused', cause: 'expected audio/x-mulaw, got audio/l16' } as const

/** At `at`, in monotonic milliseconds. */
export const streamLost = (at: number) => ({ type: 'stream.lost', at, cause: 'socket closed with 1006' }) as const

export const openDialing = (open: Open): CallUnderTest => open({ direction: 'outbound' }).tell({ type: 'call.connect' })

export const openAwaiting = (open: Open): CallUnderTest => open().tell({ type: 'call.connect' })

export const openActive = (open: Open, options?: CallOptions): CallUnderTest =>
  open(options).tell({ type: 'call.connect' }, streamStarted)

export const openDraining = (open: Open): CallUnderTest => openActive(open).tell(finish)

/** At the point where the carrier has been asked to hang up. */
export const openHangingUp = (open: Open, options?: CallOptions): CallUnderTest =>
  openActive(open, options).tell(hangUp)

export const openReleasing = (open: Open, options?: CallOptions): CallUnderTest =>
  openActive(open, options).tell(legEnded)
