import { assign, fromCallback, fromPromise, not, or, raise, sendTo, setup, stateIn } from 'xstate'
import type { CallEvent, DialOutcome, InboundFact, OutboundFact } from './call-events.ts'
import { carrierCommandMachine, type CommandOutput, isInDoubt } from './carrier-command.ts'
import { carrierRecordingMachine, type RecordingNews } from './carrier-recording.ts'
import { type CallTiming, LOSS_LIMIT, LOSS_WINDOW_MS } from './call-timing.ts'
import { type Direction, type Reason, REASONS } from './reasons.ts'
import { transferMachine, type TransferOutput } from './transfer.ts'

/** What the call's chart knows, is told, waits for and may start: the words in which `call.ts` is written. */

export interface CallInput {
  readonly id: string
  readonly direction: Direction
  /** Known from the webhook for an inbound call; for an outbound one the carrier's answer brings it. */
  readonly callSid?: string | undefined
  readonly timing: CallTiming
}

export interface CallContext {
  readonly id: string
  readonly direction: Direction
  readonly timing: CallTiming
  readonly callSid: string | undefined
  readonly streamSid: string | undefined
  readonly reason: Reason | undefined
  /** What went wrong, in words, for the operator. */
  readonly cause: string | undefined
  /** Why it was once not known whether the carrier had placed the call: told only if nothing else went wrong. */
  readonly doubt: string | undefined
  /** When streams were lost, in monotonic milliseconds, as far back as the window reaches. */
  readonly losses: readonly number[]
  /** When the present silence was noticed, in monotonic milliseconds. */
  readonly silentAt: number
  readonly digits: number
  /** The carrier's word for who has answered, once it knows. */
  readonly answeredBy: string | undefined
  /** The transfer that was asked for last. */
  readonly transfer: { readonly ringMs: number; readonly hasSuccessor: boolean; readonly isBridged: boolean }
}

export interface CallOutput {
  readonly state: 'ended' | 'error'
  readonly reason: Reason
  readonly cause: string | undefined
}

/** Children learn what they work for; everything heavy is closed over where they are provided. */
export interface ChildInput {
  readonly callId: string
  /** Told to `outbound`: say at once when there is nothing left to play. */
  readonly isDraining?: boolean
}

export interface ReasonParams {
  readonly reason: Reason
}

export interface CauseParams {
  readonly cause?: string | undefined
}

const missing = (src: string) => new Error(`no implementation was provided for "${src}"`)

function recentLosses(context: CallContext, at: number): number[] {
  return context.losses.filter((then) => at - then < LOSS_WINDOW_MS)
}

export const callSetup = setup({
  types: {
    input: {} as CallInput,
    context: {} as CallContext,
    events: {} as CallEvent,
    output: {} as CallOutput,
  },
  actors: {
    /** One command to the carrier, with its repeats. */
    carrier: carrierCommandMachine,
    /** Decodes what the far end says; reports {@link InboundFact}s. */
    inbound: fromCallback<CallEvent, ChildInput, InboundFact>(() => {
      throw missing('inbound')
    }),
    /**
     * Paces what the far end hears, until the last word has been played; reports {@link OutboundFact}s. It is started anew
     * for `draining`, over the same queue, and reports `playback.drained` at once if there is nothing in it.
     */
    outbound: fromCallback<CallEvent, ChildInput, OutboundFact>(() => {
      throw missing('outbound')
    }),
    /** Waits for the call's turn to be dialled; rejects when there will be none. */
    turn: fromPromise<void, ChildInput>(() => Promise.reject(missing('turn'))),
    /** Has the carrier dial somebody else for the far end, and waits for how that comes out. */
    transfer: transferMachine,
    /** The carrier's recording of the call. */
    recording: carrierRecordingMachine,
    /** Runs the user's code; resolves when it returns. */
    agent: fromPromise<void, ChildInput>(() => Promise.reject(missing('agent'))),
    /** Closes the socket and lets go of everything the call owns. */
    release: fromPromise<void, ChildInput>(() => Promise.reject(missing('release'))),
  },
  actions: {
    /** The first reason stands, and so does the first cause (K2). */
    noteReason: assign(({ context }, params: ReasonParams) => ({ reason: context.reason ?? params.reason })),
    noteCause: assign(({ context }, params: CauseParams) => ({ cause: context.cause ?? params.cause })),
    noteDoubt: assign((_, params: CauseParams) => ({ doubt: params.cause })),
    noteLeg: assign((_, params: { readonly callSid: string | undefined }) =>
      params.callSid === undefined ? {} : { callSid: params.callSid },
    ),
    noteStream: assign((_, params: { readonly callSid: string; readonly streamSid: string }) => params),
    noteSilence: assign((_, params: { readonly at: number }) => ({ silentAt: params.at })),
    noteLoss: assign(({ context }, params: { readonly at: number }) => ({
      losses: [...recentLosses(context, params.at), params.at],
    })),
    countDigit: assign(({ context }) => ({ digits: context.digits + 1 })),
    noteAnsweredBy: assign((_, params: { readonly answeredBy: string }) => params),
    noteTransfer: assign((_, params: { readonly ringMs: number; readonly hasSuccessor: boolean }) => ({
      transfer: { ...params, isBridged: false },
    })),
    noteBridge: assign(({ context }) => ({ transfer: { ...context.transfer, isBridged: true } })),
    forgetBridge: assign(({ context }) => ({ transfer: { ...context.transfer, isBridged: false } })),
    /** Tells the call's owner how the transfer came out. */
    tellTransfer: (_scope, _params: TransferOutput) => {},
    /** Tells the call's owner that they are presumed to talk, though nobody has said so. */
    tellPresumed: () => {},
    /** Tells the call's owner what became of the carrier's recording. */
    tellRecording: (_scope, _params: RecordingNews) => {},
    tellRegionsLeft: raise({ type: 'call.left' }),
    tellRegionsReturned: raise((_, { mayHaveLeft }: { readonly mayHaveLeft: boolean }) => ({
      type: 'call.returned' as const,
      mayHaveLeft,
    })),
    passToTransfer: sendTo('transfer', ({ event }) => event),
    passToRecording: sendTo('recording', ({ event }) => event),
    /** The far end hears the hold audio, and the agent nothing. */
    holdLine: () => {},
    resumeLine: () => {},
    /** What the agent has said and the far end not heard is forgotten. */
    cutSpeech: () => {},
    /** Drops the socket, if there still is one: the carrier then asks for what comes next. */
    detachStream: () => {},
    /** Nobody wants the call any more: it must not be placed after all because the carrier had no time at first. */
    giveUpPlacing: sendTo('placeCall', { type: 'command.giveUp' }),
  },
  guards: {
    isOutbound: ({ context }) => context.direction === 'outbound',
    hasNoLeg: ({ context }) => context.callSid === undefined,
    isFault: ({ context }) => REASONS[context.reason ?? 'internal error'] === 'error',
    isUnwanted: stateIn({ connecting: { dialing: 'unwanted' } }),
    isDecided: ({ context }) => context.reason !== undefined,
    /** There is no line on which anything could be heard. */
    isDetached: or([
      stateIn({ active: { stream: 'lost' } }),
      stateIn({ active: { stream: 'elsewhere' } }),
      // The carrier may be taking the line away at this moment: whoever waited for last words would hear a stop, and
      // think that the far end had hung up (K3).
      stateIn({ active: { transfer: 'away' } }),
    ]),
    isHandingOver: not(stateIn({ active: { transfer: 'none' } })),
    isAway: stateIn({ active: { transfer: 'away' } }),
    isHeld: stateIn({ active: { hold: 'held' } }),
    isSpeaking: stateIn({ active: { floor: 'speaking' } }),
    mayHaveLeft: (_, params: { readonly mayHaveLeft: boolean }) => params.mayHaveLeft,
    isUrgent: (_, params: { readonly isUrgent: boolean }) => params.isUrgent,
    hasSuccessor: ({ context }) => context.transfer.hasSuccessor,
    hasTalked: (_, params: { readonly outcome: DialOutcome }) => params.outcome === 'completed',
    hasFound: (_, params: { readonly output: CommandOutput }) =>
      params.output.outcome === 'done' && params.output.sid !== undefined,
    hasFailed: (_, params: { readonly output: CommandOutput }) => params.output.outcome === 'failed',
    /** The carrier may have placed the call although no usable answer came. */
    isInDoubt: (_, params: { readonly output: CommandOutput }) => isInDoubt(params.output),
    /** A socket that was taken over, or dropped, may say its last words late: they are not about the present one. */
    isOfOldStream: ({ context }, params: { readonly streamSid: string | undefined }) =>
      params.streamSid !== undefined && params.streamSid !== context.streamSid,
    /** The carrier gives every stream its own SID. */
    isSameStream: ({ context }, params: { readonly streamSid: string }) => params.streamSid === context.streamSid,
    /** A stream that dies again and again is not worth another: each costs the caller a second. */
    hasLostTooOften: ({ context }, params: { readonly at: number }) =>
      recentLosses(context, params.at).length + 1 >= LOSS_LIMIT,
  },
  delays: {
    idleTimeout: ({ context }) => context.timing.idleMs,
    ringTimeout: ({ context }) => context.timing.ringMs,
    streamTimeout: ({ context }) => context.timing.streamMs,
    silenceTimeout: ({ context }) => context.timing.silenceMs,
    graceTimeout: ({ context }) => context.timing.graceMs,
    timeLimit: ({ context }) => context.timing.limitMs,
    drainTimeout: ({ context }) => context.timing.drainMs,
    settleTimeout: ({ context }) => context.timing.settleMs,
    queueTimeout: ({ context }) => context.timing.queueMs,
    doubtTimeout: ({ context }) => context.timing.doubtMs,
    lookUpTimeout: ({ context }) => context.timing.lookUpMs,
    quietLimit: ({ context }) => context.timing.quietMs,
    agentSilenceLimit: ({ context }) => context.timing.agentSilenceMs,
    hangUpTimeout: ({ context }) => context.timing.hangUpMs,
    releaseTimeout: ({ context }) => context.timing.releaseMs,
  },
})
