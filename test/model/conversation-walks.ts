import { expect } from 'vitest'
import type { SnapshotFrom } from 'xstate'
import { adjacencyMapToArray, createTestModel } from 'xstate/graph'
import { CALL_SID, type CallOptions, CallUnderTest } from '../machines/call-under-test.ts'
import { CONVERSATION_EVENTS, type ConversationEvent, conversationModel } from './conversation-model.ts'
import type { Walk } from './walk.ts'

/** The real chart during a conversation, walked along the model of one. */

type Snapshot = SnapshotFrom<typeof conversationModel>

/** Where the chart says that the floor and the queue are. */
const VIEWS: Readonly<Record<string, string>> = {
  'voices.none': 'active.floor.idle',
  'voices.caller': 'active.floor.listening',
  'voices.agent': 'active.floor.speaking.alone',
  'voices.both': 'active.floor.speaking.over',
  'queue.roomy': 'active.queue.roomy',
  'queue.crowded': 'active.queue.crowded',
}

type Executors = { readonly [T in ConversationEvent['type']]: (call: CallUnderTest) => unknown }

export const EXECUTORS: Executors = {
  'caller.speaks': (call) => call.report('inbound', { type: 'speech.started' }),
  'caller.pauses': (call) => call.report('inbound', { type: 'speech.ended' }),
  'agent.speaks': (call) => call.report('outbound', { type: 'playback.started' }),
  'agent.hasSpoken': (call) => call.report('outbound', { type: 'playback.drained' }),
  'agent.cutsItselfShort': (call) => call.report('outbound', { type: 'playback.cleared' }),
  'queue.fills': (call) => call.report('outbound', { type: 'queue.crowded' }),
  'queue.empties': (call) => call.report('outbound', { type: 'queue.relieved' }),
}

export function createConversationModel() {
  return createTestModel(conversationModel, {
    events: CONVERSATION_EVENTS.map((type) => ({ type })),
    serializeState: ({ value }) => JSON.stringify(value),
    filterEvents: (snapshot, event) => snapshot.can(event),
    limit: 200,
  })
}

const lookAt = (call: CallUnderTest) => (path: string) => () => expect(call.where.split(' ')).toContain(path)

export const paramsOf = (call: CallUnderTest) => ({
  states: {
    ...Object.fromEntries(Object.entries(VIEWS).map(([key, path]) => [key, lookAt(call)(path)])),
    '*': ({ value }: Snapshot) => {
      throw new Error(`expected a check for every state of the model, got none for ${JSON.stringify(value)}`)
    },
  },
  events: Object.fromEntries(CONVERSATION_EVENTS.map((type) => [type, () => void EXECUTORS[type](call)])),
})

/** Of an inbound call. */
function talking(options: CallOptions | undefined): CallUnderTest {
  const start = { type: 'stream.started', streamSid: 'MZ1', callSid: CALL_SID } as const
  return new CallUnderTest({ ...options, direction: 'inbound' }).tell({ type: 'call.connect' }, start)
}

/** All simple paths, and every edge that leads back. */
export function conversationWalks(): Walk[] {
  const model = createConversationModel()
  const simple = model.getSimplePaths().map(({ steps, description }) => ({ steps, description }))
  const edges = adjacencyMapToArray(model.getAdjacencyMap())
  const back = model.getShortestPaths({ allowDuplicatePaths: true }).flatMap(({ state, steps }) =>
    edges
      .filter((edge) => JSON.stringify(edge.state.value) === JSON.stringify(state.value))
      .map(({ event, nextState }) => ({
        steps: [...steps, { event, state: nextState }],
        description: `Takes ${event.type} from ${JSON.stringify(state.value)}`,
      })),
  )
  return [...simple, ...back].map(({ steps, description }) => ({
    name: `conversation: ${description}`,
    steps: steps.length,
    run: async (options) => {
      const call = talking(options)
      const params = paramsOf(call)
      for (const step of steps) {
        await model.testTransition(params, step)
        await model.testState(params, step.state)
      }
      await call.end()
    },
  }))
}
