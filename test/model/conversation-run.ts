import { expect } from 'vitest'
import { type CallOptions, CallUnderTest } from '../machines/call-under-test.ts'
import { openActive } from '../machines/call/opening.ts'
import { type ConversationEvent, conversationModel } from './conversation-model.ts'
import type { SmallModel } from './small-model.ts'

/** The real chart during a conversation. */

/** Where the chart says that the floor and the queue are. */
const VIEWS: Readonly<Record<string, string>> = {
  'voices.none': 'active.floor.idle',
  'voices.caller': 'active.floor.listening',
  'voices.agent': 'active.floor.speaking.alone',
  'voices.both': 'active.floor.speaking.over',
  'queue.roomy': 'active.queue.roomy',
  'queue.crowded': 'active.queue.crowded',
}

export const conversation: SmallModel<ConversationEvent> = {
  name: 'conversation',
  machine: conversationModel,
  events: [
    { type: 'caller.speaks' },
    { type: 'caller.pauses' },
    { type: 'agent.speaks' },
    { type: 'agent.hasSpoken' },
    { type: 'agent.cutsItselfShort' },
    { type: 'queue.fills' },
    { type: 'queue.empties' },
  ],
  isStray: () => true,
  begin: (options?: CallOptions) => {
    const call = openActive((more) => new CallUnderTest(more), options)
    const looks = Object.entries(VIEWS).map(([key, path]) => [key, () => expect(call.where.split(' ')).toContain(path)])
    return {
      call,
      does: {
        'caller.speaks': () => call.report('inbound', { type: 'speech.started' }),
        'caller.pauses': () => call.report('inbound', { type: 'speech.ended' }),
        'agent.speaks': () => call.report('outbound', { type: 'playback.started' }),
        'agent.hasSpoken': () => call.report('outbound', { type: 'playback.drained' }),
        'agent.cutsItselfShort': () => call.report('outbound', { type: 'playback.cleared' }),
        'queue.fills': () => call.report('outbound', { type: 'queue.crowded' }),
        'queue.empties': () => call.report('outbound', { type: 'queue.relieved' }),
      },
      looks: Object.fromEntries(looks),
    }
  },
}
