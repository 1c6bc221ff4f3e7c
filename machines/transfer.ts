import { assign, type DoneActorEvent, enqueueActions, type ErrorActorEvent, sendParent, setup } from 'xstate'
import type { BridgeFact, DialFact, DialOutcome } from './call-events.ts'
import { carrierCommandMachine, type CommandOutput, isInDoubt } from './carrier-command.ts'
import { toCommandFault } from './command-fault.ts'

/**
 * The far end in somebody else's hands: the carrier is told to dial, rings, connects, and tells how it came out.
 *
 * Invariants
 * - T1 It always comes to an end with an outcome: until somebody answers each wait has a timeout or is the command's own,
 *   and who talks, or is presumed to, is under the call's time limit.
 * - T2 Callbacks may overtake the carrier's answer to our request, come twice, or not at all.
 * - T3 Nobody who may be talking is cut off because the carrier said too little.
 */

export interface TransferInput {
  readonly callId: string
  readonly callSid: string | undefined
  /** How long the carrier may take to tell that somebody has answered, or that nobody has, in milliseconds. */
  readonly ringMs: number
}

export interface TransferContext extends TransferInput {
  readonly outcome: DialOutcome | undefined
  readonly cause: string | undefined
  readonly mayHaveLeft: boolean
}

/** `completed`: they have talked. */
export interface TransferOutput {
  readonly outcome: DialOutcome
  readonly cause: string | undefined
}

export interface TransferEnding extends TransferOutput {
  /** Unless the carrier certainly did nothing: it has taken the far end out of our stream, or may have. */
  readonly mayHaveLeft: boolean
}

export interface Refusal {
  readonly cause: string
  readonly mayHaveLeft: boolean
}

const ofTheAnswer = ({ event }: { event: DoneActorEvent<CommandOutput> }): Refusal => ({
  cause: event.output.outcome === 'failed' ? event.output.fault.message : 'nothing went wrong',
  mayHaveLeft: isInDoubt(event.output),
})

const ofWhatWasThrown = ({ event }: { event: ErrorActorEvent }): Refusal => ({
  cause: toCommandFault(event.error).message,
  mayHaveLeft: true,
})

const transferSetup = setup({
  types: {
    input: {} as TransferInput,
    context: {} as TransferContext,
    events: {} as DialFact,
    output: {} as TransferEnding,
  },
  actors: {
    /** One command to the carrier, with its repeats. */
    carrier: carrierCommandMachine,
  },
  actions: {
    noteOutcome: assign((_, params: { readonly outcome: DialOutcome }) => params),
    noteRefusal: assign((_, refusal: Refusal) => ({ outcome: 'refused' as const, ...refusal })),
    /** Tells the call that runs it, if one does, which has not heard of an answer either. */
    tellPresumed: enqueueActions(({ enqueue, self: { _parent: call } }) => {
      if (call !== undefined) enqueue(sendParent({ type: 'bridge.presumed' } satisfies BridgeFact))
    }),
  },
  guards: {
    hasFailed: (_, { output }: { readonly output: CommandOutput }) => output.outcome === 'failed',
  },
  delays: { ringTimeout: ({ context }) => context.ringMs },
})

const asTold = {
  type: 'noteOutcome',
  params: ({ event }: { event: Extract<DialFact, { type: 'dial.ended' }> }) => ({ outcome: event.outcome }),
} as const

// The carrier has a ring timeout of its own, which is shorter, and asks us what comes next when nobody has answered. If it
// has not asked, it has joined them, and its word of that was lost (T3); if they are not joined after all, it will ask.
const ringTimeout = { ringTimeout: { target: '#transfer.bridged', actions: 'tellPresumed' } } as const

const unanswered = transferSetup.createStateConfig({
  initial: 'redirecting',
  on: { 'dial.answered': '#transfer.bridged' },
  states: {
    redirecting: {
      invoke: {
        id: 'redirect',
        src: 'carrier',
        input: ({ context: { callId, callSid } }) => ({ callId, callSid, command: 'transfer' }),
        onDone: [
          {
            guard: {
              type: 'hasFailed',
              params: ({ event }: { event: DoneActorEvent<CommandOutput> }) => ({ output: event.output }),
            },
            target: '#transfer.over',
            actions: { type: 'noteRefusal', params: ofTheAnswer },
          },
          { target: 'dialling' },
        ],
        onError: { target: '#transfer.over', actions: { type: 'noteRefusal', params: ofWhatWasThrown } },
      },
      on: { 'dial.ringing': 'ringing' },
    },
    dialling: { after: ringTimeout, on: { 'dial.ringing': 'ringing' } },
    ringing: { after: ringTimeout },
  },
})

export const transferMachine = transferSetup.createMachine({
  id: 'transfer',
  context: ({ input }) => ({ ...input, outcome: undefined, cause: undefined, mayHaveLeft: true }),
  initial: 'unanswered',
  on: { 'dial.ended': { target: '.over', actions: asTold } },
  states: {
    unanswered,
    bridged: {},
    over: { type: 'final' },
  },
  output: ({ context: { outcome, cause, mayHaveLeft } }) => ({ outcome: outcome ?? 'refused', cause, mayHaveLeft }),
})
