import { assign, type DoneActorEvent, type ErrorActorEvent, setup, stateIn } from 'xstate'
import type { RecordingCommand } from './call-events.ts'
import { carrierCommandMachine, type CommandName, type CommandOutput, isInDoubt } from './carrier-command.ts'
import { toCommandFault } from './command-fault.ts'

/**
 * A recording that the carrier makes of a call: started, paused, resumed, stopped. It ends with the call in any case;
 * the carrier's own word of when it is ready comes later, to the call's record.
 *
 * Invariants
 * - R1 What the carrier refuses leaves things as they were, and is told; of what it gave no usable answer to, it is told
 *   that nobody knows.
 * - R2 Whoever wants it stopped while it is being started gets it stopped, if it is known to have started.
 * - R3 How it ended is its output, and told once it is over: whoever hears of that may start another.
 */

export interface RecordingInput {
  readonly callId: string
  readonly callSid: string | undefined
}

export interface RecordingContext extends RecordingInput {
  readonly recordingSid: string | undefined
  /** Why there is none. */
  readonly refusal: RecordingNews | undefined
}

/** In the carrier's words, but for `refused`, and `unknown`: it may have done what it was asked for, or not. */
export type RecordingStatus = 'in-progress' | 'paused' | 'stopped' | 'refused' | 'unknown'

export interface RecordingNews {
  readonly status: RecordingStatus
  readonly recordingSid?: string | undefined
  readonly cause?: string | undefined
}

type Answered = { event: DoneActorEvent<CommandOutput> }

const recordingSetup = setup({
  types: {
    input: {} as RecordingInput,
    context: {} as RecordingContext,
    events: {} as RecordingCommand,
    output: {} as RecordingNews,
  },
  actors: {
    /** One command to the carrier, with its repeats. */
    carrier: carrierCommandMachine,
  },
  actions: {
    noteRecording: assign((_, params: { readonly recordingSid: string | undefined }) => params),
    noteRefusal: assign((_, refusal: RecordingNews) => ({ refusal })),
    /** Tells the call's owner how things stand while it goes on. */
    tell: (_scope, _params: RecordingNews) => {},
  },
  guards: {
    hasFailed: (_, { output }: { readonly output: CommandOutput }) => output.outcome === 'failed',
    isUnwanted: stateIn({ starting: 'unwanted' }),
  },
})

const command =
  (name: CommandName) =>
  ({ context: { callId, callSid, recordingSid } }: { context: RecordingContext }) => ({
    callId,
    callSid,
    recordingSid,
    command: name,
  })

const sidOf = ({ event }: Answered) => (event.output.outcome === 'done' ? event.output.sid : undefined)

const hasFailed = { type: 'hasFailed', params: ({ event }: Answered) => ({ output: event.output }) } as const

const noteRecording = {
  type: 'noteRecording',
  params: (told: Answered) => ({ recordingSid: sidOf(told) }),
} as const

const tell = (status: RecordingStatus) =>
  ({
    type: 'tell',
    params: ({ context }: { context: RecordingContext }): RecordingNews => ({
      status,
      recordingSid: context.recordingSid,
    }),
  }) as const

const tellStarted = {
  type: 'tell',
  params: (told: Answered): RecordingNews => ({ status: 'in-progress', recordingSid: sidOf(told) }),
} as const

const ofTheAnswer = ({ context, event }: { context: RecordingContext } & Answered): RecordingNews => ({
  status: isInDoubt(event.output) ? 'unknown' : 'refused',
  recordingSid: context.recordingSid,
  cause: event.output.outcome === 'failed' ? event.output.fault.message : undefined,
})

const ofWhatWasThrown = ({ context, event }: { context: RecordingContext; event: ErrorActorEvent }): RecordingNews => ({
  status: 'unknown',
  recordingSid: context.recordingSid,
  cause: toCommandFault(event.error).message,
})

const tellRefused = { type: 'tell', params: ofTheAnswer } as const
const tellThrown = { type: 'tell', params: ofWhatWasThrown } as const

type Change = 'pauseRecording' | 'resumeRecording' | 'stopRecording'

/** Asks for a change: done, it is so; refused, it is as before (R1). */
const changing = <Done extends object>(name: Change, before: string, done: Done) =>
  ({
    invoke: {
      id: name,
      src: 'carrier',
      input: command(name),
      onDone: [{ guard: hasFailed, target: before, actions: tellRefused }, done],
      onError: { target: before, actions: tellThrown },
    },
  }) as const

const STOP_ROLLING = { 'call.stopRecording': 'stopping' } as const
const STOP_PAUSED = { 'call.stopRecording': 'stoppingPaused' } as const

export const carrierRecordingMachine = recordingSetup.createMachine({
  id: 'recording',
  context: ({ input }) => ({ ...input, recordingSid: undefined, refusal: undefined }),
  initial: 'starting',
  states: {
    starting: {
      initial: 'wanted',
      invoke: {
        id: 'startRecording',
        src: 'carrier',
        input: command('startRecording'),
        onDone: [
          { guard: hasFailed, target: 'over', actions: { type: 'noteRefusal', params: ofTheAnswer } },
          { guard: 'isUnwanted', target: 'stopping', actions: [noteRecording, tellStarted] },
          { target: 'rolling', actions: [noteRecording, tellStarted] },
        ],
        onError: { target: 'over', actions: { type: 'noteRefusal', params: ofWhatWasThrown } },
      },
      states: {
        wanted: { on: { 'call.stopRecording': 'unwanted' } },
        unwanted: {},
      },
    },
    rolling: { on: { 'call.pauseRecording': 'pausing', ...STOP_ROLLING } },
    pausing: {
      ...changing('pauseRecording', 'rolling', { target: 'paused', actions: tell('paused') }),
      on: STOP_ROLLING,
    },
    paused: { on: { 'call.resumeRecording': 'resuming', ...STOP_PAUSED } },
    resuming: {
      ...changing('resumeRecording', 'paused', { target: 'rolling', actions: tell('in-progress') }),
      on: STOP_PAUSED,
    },
    // What is not stopped goes on until the call ends.
    stopping: changing('stopRecording', 'rolling', { target: 'over' }),
    stoppingPaused: changing('stopRecording', 'paused', { target: 'over' }),
    over: { type: 'final' },
  },
  output: ({ context: { refusal, recordingSid } }) => refusal ?? { status: 'stopped', recordingSid },
})
