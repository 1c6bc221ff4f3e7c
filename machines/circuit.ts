import { assign, setup } from 'xstate'

/**
 * Whether the carrier is asked at all. A carrier that is down is left alone for a while: the requests that would fail
 * fail at once, and it is not greeted by a crowd when it comes back.
 *
 * Invariants
 * - K1 It opens after {@link FAILURES_TO_OPEN} failures in a row, and on no other ground; any answer ends the row.
 * - K2 While it is half open one probe at a time is under way: its answer closes the circuit, its failure opens it again.
 * - K3 Each opening that follows a failed probe lasts twice as long as the one before, up to {@link LONGEST_WAIT_MS}.
 * - K4 An outage is told once, and its end once, however many probes lie between.
 */

export type CircuitEvent =
  /** The carrier answered, if only to refuse. */
  | { readonly type: 'request.answered' }
  /** It did not, or not with sense; `code` says how. See {@link isOutage}. */
  | { readonly type: 'request.failed'; readonly code: string }
  /** Somebody is let through to find out. */
  | { readonly type: 'probe.started' }
  /** And has lost interest: nothing was found out. */
  | { readonly type: 'probe.abandoned' }

export interface CircuitContext {
  /** In a row. */
  readonly failures: number
  /** The code of the latest failure. */
  readonly fault: string | undefined
  /** How long it stays open, in milliseconds, when it opens. */
  readonly waitMs: number
}

const FAILURES_TO_OPEN = 5
/** Longer than any request takes, so that whatever was sent before an opening has failed before the first probe. */
const FIRST_WAIT_MS = 15_000
const LONGEST_WAIT_MS = 120_000
/** A probe has a deadline of its own; this is for one that does not keep it. */
const PROBE_TIMEOUT_MS = 30_000

/** Failures that say that the carrier, or our standing with it, is out of order. A refusal is an answer. */
const OUTAGES: ReadonlySet<string> = new Set([
  'CARRIER_UNAVAILABLE',
  'CARRIER_TIMEOUT',
  'CARRIER_GIBBERISH',
  'CARRIER_UNAUTHORIZED',
])

export function isOutage(code: string): boolean {
  return OUTAGES.has(code)
}

interface FailureParams {
  readonly code: string
}

const ofTheFailure = ({ event }: { event: { readonly code: string } }): FailureParams => ({ code: event.code })

export const circuitMachine = setup({
  types: {
    context: {} as CircuitContext,
    events: {} as CircuitEvent,
  },
  actions: {
    countFailure: assign(({ context }, { code }: FailureParams) => ({ failures: context.failures + 1, fault: code })),
    waitLonger: assign(({ context }) => ({ waitMs: Math.min(LONGEST_WAIT_MS, context.waitMs * 2) })),
    startAfresh: assign({ failures: 0, fault: undefined, waitMs: FIRST_WAIT_MS }),
    /** Notes since when it is open, for whoever asks how long still. */
    noteOpening: () => {},
    /** Tells the operator that the carrier is out of order. */
    tellOpened: () => {},
    /** Tells the operator that it is in order again. */
    tellClosed: () => {},
  },
  guards: {
    isLastStraw: ({ context }) => context.failures + 1 >= FAILURES_TO_OPEN,
  },
  delays: {
    probeWait: ({ context }) => context.waitMs,
    probeTimeout: PROBE_TIMEOUT_MS,
  },
}).createMachine({
  id: 'circuit',
  context: { failures: 0, fault: undefined, waitMs: FIRST_WAIT_MS },
  initial: 'closed',
  states: {
    closed: {
      entry: 'startAfresh',
      on: {
        'request.answered': { actions: 'startAfresh' },
        'request.failed': [
          {
            guard: 'isLastStraw',
            target: 'open',
            actions: [{ type: 'countFailure', params: ofTheFailure }, 'tellOpened'],
          },
          { actions: { type: 'countFailure', params: ofTheFailure } },
        ],
      },
    },
    open: {
      entry: 'noteOpening',
      after: { probeWait: 'halfOpen' },
      on: {
        // Of what is let through at all times.
        'request.answered': { target: 'closed', actions: 'tellClosed' },
      },
    },
    halfOpen: {
      initial: 'ready',
      on: {
        'request.answered': { target: 'closed', actions: 'tellClosed' },
        'request.failed': {
          target: 'open',
          actions: [{ type: 'countFailure', params: ofTheFailure }, 'waitLonger'],
        },
      },
      states: {
        ready: { on: { 'probe.started': 'probing' } },
        probing: {
          after: { probeTimeout: { target: '#circuit.open', actions: 'waitLonger' } },
          on: { 'probe.abandoned': 'ready' },
        },
      },
    },
  },
})
