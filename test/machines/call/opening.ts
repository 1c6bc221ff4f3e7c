import { CALL_SID, type CallOptions, type CallUnderTest, TIMING } from '../call-under-test.ts'

/** Starts a call that the suite watches, and brings to its end whatever the test left it in. */
export type Open = (options?: CallOptions) => CallUnderTest

export const STREAM_SID = 'MZ1'

/** Where a call stands when its stream has come. */
export const ACTIVE =
  'active.floor.idle active.stream.flowing active.queue.roomy active.agent.running.quiet active.hold.talking ' +
  'active.transfer.none active.recording.off'

export const streamStarted = { type: 'stream.started', streamSid: STREAM_SID, callSid: CALL_SID } as const
export const freshStreamStarted = { type: 'stream.started', streamSid: 'MZ2', callSid: CALL_SID } as const
/** Each by its own SID. */
export const streamNumber = (number: number) =>
  ({ type: 'stream.started', streamSid: `MZ1000${number}`, callSid: CALL_SID }) as const
export const streamStopped = { type: 'stream.stopped', streamSid: STREAM_SID } as const

export const legRinging = { type: 'leg.ringing', callSid: CALL_SID } as const
export const legAnswered = { type: 'leg.answered', callSid: CALL_SID } as const
export const legEnded = { type: 'leg.ended', callSid: CALL_SID, outcome: 'completed' } as const
export const hangUp = { type: 'call.hangUp', reason: 'hung up by API' } as const
export const finish = { type: 'call.finish', reason: 'draining' } as const
export const refused = { type: 'stream.refused', cause: 'expected audio/x-mulaw, got audio/l16' } as const

export const speechStarted = { type: 'speech.started' } as const
export const speechEnded = { type: 'speech.ended' } as const
export const playbackStarted = { type: 'playback.started' } as const
export const playbackDrained = { type: 'playback.drained' } as const
export const playbackCleared = { type: 'playback.cleared' } as const

export const hold = { type: 'call.hold' } as const
export const resume = { type: 'call.resume' } as const

export const RING_MS = 40_000
/** After what has been said. */
export const transfer = { type: 'call.transfer', isUrgent: false, hasSuccessor: false, ringMs: RING_MS } as const
/** At once. */
export const urgentTransfer = { ...transfer, isUrgent: true } as const
export const dialRinging = { type: 'dial.ringing' } as const
export const dialAnswered = { type: 'dial.answered' } as const
export const dialEnded = (outcome: 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled') =>
  ({ type: 'dial.ended', outcome }) as const

/** At `at`, in monotonic milliseconds. */
export const streamLost = (at: number) => ({ type: 'stream.lost', at, cause: 'socket closed with 1006' }) as const
export const silentAt = (at: number) => ({ type: 'media.silent', at }) as const
export const stalledAt = (at: number) => ({ type: 'queue.stalled', at }) as const

/** Nobody knows what the carrier made of what it was asked. */
export const noAnswer = { code: 'CARRIER_TIMEOUT', message: 'no answer within 9 s' } as const
/** The carrier certainly did nothing. */
export const refusal = { code: 'CARRIER_REFUSED', message: '21211 invalid number' } as const

/** An outbound call that waits for its turn. */
export const openQueued = (open: Open): CallUnderTest => open({ direction: 'outbound' }).tell({ type: 'call.connect' })

/** Its turn has come, and the carrier is being asked. */
export const openDialing = (open: Open): Promise<CallUnderTest> => openQueued(open).answer('turn')

/** The carrier was asked, and gave no usable answer. */
export const openDoubtful = async (open: Open): Promise<CallUnderTest> =>
  (await openDialing(open)).fail('placeCall', noAnswer)

/** No callback came either: the carrier is asked whether it has such a call. */
export const openLookingUp = async (open: Open): Promise<CallUnderTest> =>
  (await openDoubtful(open)).wait(TIMING.doubtMs)

/** Given up while nobody knows whether somebody is being rung. */
export const openSettling = async (open: Open): Promise<CallUnderTest> => (await openDoubtful(open)).tell(hangUp)

export const openAwaiting = (open: Open): CallUnderTest => open().tell({ type: 'call.connect' })

export const openActive = (open: Open, options?: CallOptions): CallUnderTest =>
  open({ direction: 'inbound', ...options }).tell({ type: 'call.connect' }, streamStarted)

export const openHeld = (open: Open, options?: CallOptions): CallUnderTest => openActive(open, options).tell(hold)

/** The last words before a transfer are being played. */
export const openLeaving = (open: Open, options?: CallOptions): CallUnderTest =>
  openActive(open, options).tell(transfer)

/** The carrier is asked to dial somebody else; the stream still flows. */
export const openRedirecting = (open: Open, options?: CallOptions): CallUnderTest =>
  openActive(open, options).tell(urgentTransfer)

/** The carrier dials somebody else, and has ended the stream. */
export const openAway = async (open: Open, options?: CallOptions): Promise<CallUnderTest> =>
  (await openRedirecting(open, options).answer('transfer')).tell(streamStopped)

export const openDraining = (open: Open): CallUnderTest => openActive(open).tell(finish)

/** At the point where the carrier has been asked to hang up. */
export const openHangingUp = (open: Open, options?: CallOptions): CallUnderTest =>
  openActive(open, options).tell(hangUp)

export const openReleasing = (open: Open, options?: CallOptions): CallUnderTest =>
  openActive(open, options).tell(legEnded)
