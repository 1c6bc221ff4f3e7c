import { and, assign, not, or, setup, stateIn } from 'xstate'

/**
 * Two who talk, or one of whom is on hold, and somebody who loses patience: with both, or with the agent. Time is an
 * event: a whole spell of it, in which nothing else happens. Written without a look at `machines/call-active.ts`.
 */

export type PatienceEvent =
  | { readonly type: 'caller.speaks' }
  | { readonly type: 'caller.pauses' }
  | { readonly type: 'agent.speaks' }
  | { readonly type: 'agent.hasSpoken' }
  | { readonly type: 'agent.cutsItselfShort' }
  | { readonly type: 'line.isHeld' }
  | { readonly type: 'line.isResumed' }
  | { readonly type: 'time.passes' }

export interface PatienceContext {
  readonly with: 'both' | 'agent'
  /** Has time passed before? It must not count for anything. */
  readonly hasWaited: boolean
}

const voicesIn = (voice: string) => stateIn({ talking: { voices: voice } })

const patienceSetup = setup({
  types: {
    input: {} as Pick<PatienceContext, 'with'>,
    context: {} as PatienceContext,
    events: {} as PatienceEvent,
  },
  actions: { bearWithThem: assign({ hasWaited: true }) },
  guards: {
    isTalking: stateIn({ talking: { line: 'talking' } }),
    isWithBoth: ({ context }) => context.with === 'both',
    isWithAgent: ({ context }) => context.with === 'agent',
  },
})

const isTooMuch = and([
  'isTalking',
  or([and(['isWithBoth', voicesIn('none')]), and(['isWithAgent', or([voicesIn('none'), voicesIn('caller')])])]),
])

export const patienceModel = patienceSetup.createMachine({
  id: 'patience',
  context: ({ input }) => ({ ...input, hasWaited: false }),
  initial: 'talking',
  states: {
    talking: {
      type: 'parallel',
      on: {
        'time.passes': [
          { guard: isTooMuch, target: 'over' },
          { guard: not(isTooMuch), actions: 'bearWithThem' },
        ],
      },
      states: {
        voices: {
          initial: 'none',
          states: {
            none: { on: { 'caller.speaks': 'caller', 'agent.speaks': { guard: 'isTalking', target: 'agent' } } },
            caller: { on: { 'caller.pauses': 'none', 'agent.speaks': { guard: 'isTalking', target: 'both' } } },
            agent: { on: { 'caller.speaks': 'both', 'agent.hasSpoken': 'none', 'agent.cutsItselfShort': 'none' } },
            both: { on: { 'caller.pauses': 'agent', 'agent.hasSpoken': 'caller', 'agent.cutsItselfShort': 'caller' } },
          },
        },
        line: {
          initial: 'talking',
          states: {
            talking: { on: { 'line.isHeld': 'held' } },
            held: { on: { 'line.isResumed': 'talking' } },
          },
        },
      },
    },
    over: { type: 'final' },
  },
})
