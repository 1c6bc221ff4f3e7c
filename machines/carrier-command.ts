import { assign, type DoneActorEvent, type ErrorActorEvent, fromPromise, setup } from 'xstate'
import { type CommandFault, toCommandFault } from './command-fault.ts'

/**
 * One command to the carrier: sent, perhaps repeated, done or failed.
 *
 * Invariants
 * - C1 What creates something is repeated only when the carrier certainly did nothing (429): a second `placeCall` rings
 *   somebody twice.
 * - C2 What looks, or changes what is there, is repeated whenever no usable answer came: it is harmless done twice.
 * - C3 The machine always reaches `done` or `failed`, in bounded time; it never rejects.
 * - C4 A command that was given up is not repeated, but the answer to what was sent is still awaited.
 */

export type CommandName =
  | 'placeCall'
  /** Looks for the call of a `placeCall` that got no usable answer. */
  | 'findCall'
  | 'hangUp'
  /** Has the carrier dial somebody else for the leg. */
  | 'transfer'
  | 'startRecording'
  | 'pauseRecording'
  | 'resumeRecording'
  | 'stopRecording'

export interface CommandInput {
  readonly callId: string
  readonly command: CommandName
  /** Absent for `placeCall` and `findCall`. */
  readonly callSid?: string | undefined
  /** Of the recording that is to be changed. */
  readonly recordingSid?: string | undefined
}

/** Nobody wants the outcome any more: let what is under way come to its end, and do not try again. */
export interface CommandEvent {
  readonly type: 'command.giveUp'
}

export type CommandOutput =
  /** `sid`: of the leg, or of the recording that was started; undefined when `findCall` found nothing. */
  | { readonly outcome: 'done'; readonly sid: string | undefined }
  | { readonly outcome: 'failed'; readonly fault: CommandFault }

export interface CommandContext extends CommandInput {
  readonly attempts: number
  readonly maxAttempts: number
  readonly fault: CommandFault | undefined
  readonly resultSid: string | undefined
}

const UNLESS_DONE = ['CARRIER_RATE_LIMITED']
const HARMLESS = [...UNLESS_DONE, 'CARRIER_UNAVAILABLE', 'CARRIER_TIMEOUT', 'CARRIER_GIBBERISH']

const REPEATABLE: Record<CommandName, readonly string[]> = {
  placeCall: UNLESS_DONE,
  findCall: HARMLESS,
  hangUp: HARMLESS,
  transfer: HARMLESS,
  startRecording: UNLESS_DONE,
  pauseRecording: HARMLESS,
  resumeRecording: HARMLESS,
  stopRecording: HARMLESS,
}

/** Answers that prove that the carrier did nothing. After any other failure, and after none at all, it may have. */
const PROOFS_OF_NOTHING: ReadonlySet<string> = new Set([
  'CARRIER_REFUSED',
  'CARRIER_UNAUTHORIZED',
  'CARRIER_NOT_FOUND',
  'CARRIER_RATE_LIMITED',
  'CARRIER_PAUSED',
  'DIAL_QUEUE_FULL',
])

/** With waits of 0.25, 0.5 and 1 s this stays well inside the ten seconds in which a caller of our API gets a verdict. */
const MAX_ATTEMPTS = 4
const sendTimeoutMs = (command: CommandName) => (command === 'placeCall' ? 9_000 : 3_000)
const BACKOFF_BASE_MS = 250
/** The longest wait that a carrier may ask for. Most are to be tried again while somebody still waits for them. */
const waitLimitMs = (command: CommandName) => (command === 'placeCall' ? 10_000 : 2_000)

function timedOut(command: CommandName): CommandFault {
  const seconds = sendTimeoutMs(command) / 1000
  return { code: 'CARRIER_TIMEOUT', message: `expected the carrier's answer within ${seconds} s, got none` }
}

/** Whether the carrier may have acted on a command although it failed. */
export function isInDoubt(output: CommandOutput): boolean {
  return output.outcome === 'failed' && !PROOFS_OF_NOTHING.has(output.fault.code)
}

/** The wait before the next attempt: the carrier's own wish where it named one, within limits, else doubling. */
export function backoffMs(command: CommandName, attempts: number, retryAfterMs: number | undefined): number {
  return Math.min(waitLimitMs(command), retryAfterMs ?? BACKOFF_BASE_MS * 2 ** (attempts - 1))
}

export interface FaultParams {
  readonly fault: CommandFault
}

const thatWasThrown = ({ event }: { event: ErrorActorEvent }): FaultParams => ({ fault: toCommandFault(event.error) })

const thatNoneCame = ({ context }: { context: CommandContext }): FaultParams => ({ fault: timedOut(context.command) })

export const carrierCommandMachine = setup({
  types: {
    input: {} as CommandInput,
    context: {} as CommandContext,
    events: {} as CommandEvent,
    output: {} as CommandOutput,
  },
  actors: {
    /** Resolves with the SID that the command yields, if it does; rejects with a {@link CommandFault}. */
    send: fromPromise<string | undefined, CommandInput>(() =>
      Promise.reject(new Error('no carrier was provided to send the command to')),
    ),
  },
  actions: {
    countAttempt: assign(({ context }) => ({ attempts: context.attempts + 1 })),
    noteResult: assign((_, params: { readonly sid: string | undefined }) => ({
      resultSid: params.sid,
      fault: undefined,
    })),
    noteFault: assign((_, params: FaultParams) => params),
    forgoRepeats: assign({ maxAttempts: 0 }),
  },
  guards: {
    mayRepeat: ({ context }, { fault }: FaultParams) =>
      context.attempts < context.maxAttempts && REPEATABLE[context.command].includes(fault.code),
  },
  delays: {
    sendTimeout: ({ context }) => sendTimeoutMs(context.command),
    /** Deterministic here; the composition root may spread it with jitter. */
    backoff: ({ context }) => backoffMs(context.command, context.attempts, context.fault?.retryAfterMs),
  },
}).createMachine({
  id: 'carrierCommand',
  context: ({ input }) => ({
    ...input,
    attempts: 0,
    maxAttempts: MAX_ATTEMPTS,
    fault: undefined,
    resultSid: undefined,
  }),
  initial: 'sending',
  states: {
    sending: {
      entry: 'countAttempt',
      invoke: {
        id: 'send',
        src: 'send',
        input: ({ context: { callId, command, callSid, recordingSid } }) => ({
          callId,
          command,
          callSid,
          recordingSid,
        }),
        onDone: {
          target: 'done',
          actions: {
            type: 'noteResult',
            params: ({ event }: { event: DoneActorEvent<string | undefined> }) => ({ sid: event.output }),
          },
        },
        onError: [
          {
            guard: { type: 'mayRepeat', params: thatWasThrown },
            target: 'waiting',
            actions: { type: 'noteFault', params: thatWasThrown },
          },
          { target: 'failed', actions: { type: 'noteFault', params: thatWasThrown } },
        ],
      },
      after: {
        sendTimeout: [
          {
            guard: { type: 'mayRepeat', params: thatNoneCame },
            target: 'waiting',
            actions: { type: 'noteFault', params: thatNoneCame },
          },
          { target: 'failed', actions: { type: 'noteFault', params: thatNoneCame } },
        ],
      },
      on: { 'command.giveUp': { actions: 'forgoRepeats' } },
    },
    waiting: {
      after: { backoff: 'sending' },
      on: { 'command.giveUp': 'failed' },
    },
    done: { type: 'final' },
    failed: { type: 'final' },
  },
  output: ({ context }): CommandOutput =>
    context.fault === undefined
      ? { outcome: 'done', sid: context.resultSid }
      : { outcome: 'failed', fault: context.fault },
})
