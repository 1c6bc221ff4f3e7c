import { setup } from 'xstate'

/**
 * Two who talk, as somebody hears it who listens in: who speaks at the moment. And the queue of what is still to be
 * said: is there room in it? Written without a look at `machines/call-active.ts`.
 */

export type ConversationEvent =
  | { readonly type: 'caller.speaks' }
  | { readonly type: 'caller.pauses' }
  | { readonly type: 'agent.speaks' }
  | { readonly type: 'agent.hasSpoken' }
  /** A barge-in, or a change of mind: what was still to be said is not. */
  | { readonly type: 'agent.cutsItselfShort' }
  | { readonly type: 'queue.fills' }
  | { readonly type: 'queue.empties' }

const conversationSetup = setup({ types: { events: {} as ConversationEvent } })

export const conversationModel = conversationSetup.createMachine({
  id: 'conversation',
  type: 'parallel',
  states: {
    voices: {
      initial: 'none',
      states: {
        none: { on: { 'caller.speaks': 'caller', 'agent.speaks': 'agent' } },
        caller: { on: { 'caller.pauses': 'none', 'agent.speaks': 'both' } },
        agent: { on: { 'caller.speaks': 'both', 'agent.hasSpoken': 'none', 'agent.cutsItselfShort': 'none' } },
        both: { on: { 'caller.pauses': 'agent', 'agent.hasSpoken': 'caller', 'agent.cutsItselfShort': 'caller' } },
      },
    },
    queue: {
      initial: 'roomy',
      states: {
        roomy: { on: { 'queue.fills': 'crowded' } },
        crowded: { on: { 'queue.empties': 'roomy' } },
      },
    },
  },
})
