import { assign, setup } from 'xstate'

/**
 * The node: admits calls up to a limit and while it keeps up with them, and on drain waits for those it has.
 * Calls are not its children (a supervisor's error would orphan them); it counts what its owner tells it.
 */

export type SwitchboardEvent =
  | { readonly type: 'call.admitted' }
  | { readonly type: 'call.released' }
  /** The event loop is so late that one more call would be heard in the others. */
  | { readonly type: 'loop.strained' }
  /** It has kept up for a while. */
  | { readonly type: 'loop.recovered' }
  /** Let live calls finish, take no new ones. */
  | { readonly type: 'node.drain' }
  /** Hang up whatever is still there. */
  | { readonly type: 'node.stop' }

export interface SwitchboardInput {
  readonly maxCalls: number
  /** How long a drain waits for live calls, in milliseconds. */
  readonly drainMs: number
}

interface SwitchboardContext extends SwitchboardInput {
  readonly live: number
}

/**
 * Long enough for the longest way out of a call: the answer to a dial (9 s), doubt about it (5 s), a look for it (5 s), the
 * hang-up with its repeats (10 s) and the release (2 s).
 */
const LAST_CALLS_MS = 35_000

export const switchboardMachine = setup({
  types: {
    input: {} as SwitchboardInput,
    context: {} as SwitchboardContext,
    events: {} as SwitchboardEvent,
  },
  actions: {
    countUp: assign(({ context }) => ({ live: context.live + 1 })),
    /** Not below none: a call reported twice must not let a drain end with another one still alive, or never. */
    countDown: assign(({ context }) => ({ live: Math.max(0, context.live - 1) })),
    /** Hangs up every live call, with the reason `draining`. */
    hangUpAll: () => {},
  },
  guards: {
    isFull: ({ context }) => context.live >= context.maxCalls,
    hasRoom: ({ context }) => context.live < context.maxCalls,
    isEmpty: ({ context }) => context.live === 0,
  },
  delays: {
    drainTimeout: ({ context }) => context.drainMs,
    lastCallsTimeout: LAST_CALLS_MS,
  },
}).createMachine({
  id: 'switchboard',
  // A cycle of `always` would otherwise hold the event loop for ever.
  options: { maxIterations: 100 },
  context: ({ input }) => ({ ...input, live: 0 }),
  initial: 'accepting',
  states: {
    accepting: {
      initial: 'open',
      on: {
        'call.admitted': { actions: 'countUp' },
        'call.released': { actions: 'countDown' },
        'loop.strained': '.strained',
        'node.drain': 'draining',
        'node.stop': '#switchboard.draining.hangingUp',
      },
      states: {
        open: { always: { guard: 'isFull', target: 'full' } },
        full: { always: { guard: 'hasRoom', target: 'open' } },
        // Those that are there go on, and get fresh streams; whoever comes new would only make it worse for all.
        strained: { on: { 'loop.recovered': 'open' } },
      },
    },
    draining: {
      initial: 'waiting',
      always: { guard: 'isEmpty', target: 'stopped' },
      on: { 'call.released': { actions: 'countDown' } },
      states: {
        waiting: {
          after: { drainTimeout: 'hangingUp' },
          on: { 'node.stop': 'hangingUp' },
        },
        hangingUp: {
          entry: 'hangUpAll',
          after: { lastCallsTimeout: '#switchboard.stopped' },
        },
      },
    },
    stopped: { type: 'final' },
  },
})
