import type { DoneActorEvent, ErrorActorEvent } from 'xstate'
import type { CallEvent } from './call-events.ts'
import type { CallContext, CauseParams, ReasonParams } from './call-setup.ts'
import type { CommandOutput } from './carrier-command.ts'
import type { RecordingNews } from './carrier-recording.ts'
import { toCommandFault } from './command-fault.ts'
import { type Reason, reasonForOutcome } from './reasons.ts'
import type { TransferEnding, TransferOutput } from './transfer.ts'

/** What the chart writes down of what it is told: its named actions and guards, each with what it takes from the event. */

type Told<Type extends CallEvent['type']> = { event: Extract<CallEvent, { type: Type }> }
type Answered = { event: DoneActorEvent<CommandOutput> }

/** Why the call ends. Each is a `noteReason`, so that every ending reads the same in the picture. */
export const because = (reason: Reason) => ({ type: 'noteReason', params: { reason } }) as const

/** What went wrong, in words. */
export const blaming = (cause: string) => ({ type: 'noteCause', params: { cause } }) as const

export const blamingWhatWasTold = {
  type: 'noteCause',
  params: ({ event }: { event: CauseParams }): CauseParams => ({ cause: event.cause }),
} as const

export const blamingWhatWasThrown = {
  type: 'noteCause',
  params: ({ event }: { event: ErrorActorEvent }): CauseParams => ({ cause: toCommandFault(event.error).message }),
} as const

export const blamingTheAnswer = {
  type: 'noteCause',
  params: ({ event }: Answered): CauseParams => ({
    cause: event.output.outcome === 'failed' ? event.output.fault.message : undefined,
  }),
} as const

/** It may be overcome, and then it is no cause of what comes later. */
export const notingDoubt = { type: 'noteDoubt', params: blamingTheAnswer.params } as const

export const asDoubted = [
  because('carrier refused'),
  { type: 'noteCause', params: ({ context }: { context: CallContext }): CauseParams => ({ cause: context.doubt }) },
] as const

export const asCommanded = [
  { type: 'noteReason', params: ({ event }: { event: ReasonParams }): ReasonParams => ({ reason: event.reason }) },
  blamingWhatWasTold,
] as const

export const asTheLegEnded = {
  type: 'noteReason',
  params: ({ context, event }: { context: CallContext } & Told<'leg.ended'>): ReasonParams => ({
    reason: context.transfer.isBridged ? 'transferred' : reasonForOutcome(event.outcome, context.direction),
  }),
} as const

export const asTheFarEndHungUp = {
  type: 'noteReason',
  params: ({ context }: { context: CallContext }): ReasonParams => ({
    reason: reasonForOutcome('completed', context.direction),
  }),
} as const

export const noteLegOfEvent = {
  type: 'noteLeg',
  params: ({ event }: { event: { readonly callSid: string } }) => ({ callSid: event.callSid }),
} as const

export const noteLegOfAnswer = {
  type: 'noteLeg',
  params: ({ event }: Answered) => ({
    callSid: event.output.outcome === 'done' ? event.output.sid : undefined,
  }),
} as const

export const noteStream = {
  type: 'noteStream',
  params: ({ event }: Told<'stream.started'>) => ({ callSid: event.callSid, streamSid: event.streamSid }),
} as const

export const noteAnsweredBy = {
  type: 'noteAnsweredBy',
  params: ({ event }: Told<'leg.detected'>) => ({ answeredBy: event.answeredBy }),
} as const

export const isUrgent = {
  type: 'isUrgent',
  params: ({ event }: Told<'call.transfer'>) => ({ isUrgent: event.isUrgent }),
} as const

export const noteTransfer = {
  type: 'noteTransfer',
  params: ({ event }: Told<'call.transfer'>) => ({ ringMs: event.ringMs, hasSuccessor: event.hasSuccessor }),
} as const

type Transferred = { event: DoneActorEvent<TransferEnding> }

export const hasTalked = {
  type: 'hasTalked',
  params: ({ event }: Transferred) => ({ outcome: event.output.outcome }),
} as const

export const tellTransfer = {
  type: 'tellTransfer',
  params: ({ event }: Transferred): TransferOutput => ({ outcome: event.output.outcome, cause: event.output.cause }),
} as const

export const tellReturned = {
  type: 'tellRegionsReturned',
  params: ({ event }: Transferred) => ({ mayHaveLeft: event.output.mayHaveLeft }),
} as const

/** Nobody knows how far the transfer had come. */
export const tellReturnedAfterAll = { type: 'tellRegionsReturned', params: { mayHaveLeft: true } } as const

export const mayHaveLeft = {
  type: 'mayHaveLeft',
  params: ({ event }: Told<'call.returned'>) => ({ mayHaveLeft: event.mayHaveLeft }),
} as const

export const tellTransferThrown = {
  type: 'tellTransfer',
  params: ({ event }: { event: ErrorActorEvent }): TransferOutput => ({
    outcome: 'refused',
    cause: toCommandFault(event.error).message,
  }),
} as const

export const tellRecording = {
  type: 'tellRecording',
  params: ({ event }: { event: DoneActorEvent<RecordingNews> }): RecordingNews => event.output,
} as const

export const tellRecordingThrown = {
  type: 'tellRecording',
  params: ({ event }: { event: ErrorActorEvent }): RecordingNews => ({
    status: 'unknown',
    cause: toCommandFault(event.error).message,
  }),
} as const

export const noteSilence = {
  type: 'noteSilence',
  params: ({ event }: Told<'media.silent'>) => ({ at: event.at }),
} as const

export const noteLoss = {
  type: 'noteLoss',
  params: ({ event }: { event: { readonly at: number } }) => ({ at: event.at }),
} as const

/** A silence that has lasted its time is a loss too: a line that stays mute must not be given streams for ever. */
const whenSilenceLasted = ({ context }: { context: CallContext }) => ({
  at: context.silentAt + context.timing.silenceMs,
})

export const noteLossBySilence = { type: 'noteLoss', params: whenSilenceLasted } as const

export const hasBeenSilentTooOften = { type: 'hasLostTooOften', params: whenSilenceLasted } as const

export const hasLostTooOften = {
  type: 'hasLostTooOften',
  params: ({ event }: { event: { readonly at: number } }) => ({ at: event.at }),
} as const

export const hasFailed = {
  type: 'hasFailed',
  params: ({ event }: Answered) => ({ output: event.output }),
} as const

export const hasFound = {
  type: 'hasFound',
  params: ({ event }: Answered) => ({ output: event.output }),
} as const

export const isInDoubt = {
  type: 'isInDoubt',
  params: ({ event }: Answered) => ({ output: event.output }),
} as const

export const isOfOldStream = {
  type: 'isOfOldStream',
  params: ({ event }: { event: { readonly streamSid?: string | undefined } }) => ({ streamSid: event.streamSid }),
} as const

export const isSameStream = {
  type: 'isSameStream',
  params: ({ event }: Told<'stream.started'>) => ({ streamSid: event.streamSid }),
} as const

export const forThisCall = ({ context }: { context: CallContext }) => ({ callId: context.id })
