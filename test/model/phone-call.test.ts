import { describe, expect, it } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { adjacencyMapToArray } from 'xstate/graph'
import { callMachine } from '../../machines/call.ts'
import { EdgeCoverage, edgesFrom, nodesOf } from '../machines/edge-coverage.ts'
import { CONVERSATION_EVENTS, conversationModel } from './conversation-model.ts'
import { conversationWalks, createConversationModel, EXECUTORS, paramsOf as conversing } from './conversation-walks.ts'
import { directWalks } from './direct-walks.ts'
import { EVERY_EVENT } from './phone-call-events.ts'
import { phoneCallModel } from './phone-call-model.ts'
import { createPhoneCallModel } from './phone-call-paths.ts'
import { PhoneCallRun } from './phone-call-run.ts'
import { paramsOf, returningWalks, simpleWalks, strayWalks } from './phone-call-walks.ts'
import { walkAll } from './walk.ts'

const coverage = new EdgeCoverage(callMachine)
const watched = { inspect: coverage.observe }

/** Faults of our own, which nobody outside can see; `direct-walks.ts` goes there. */
const NOT_OF_THE_MODEL = [
  'edge call.connecting.dialing -- xstate.error.actor.placeCall (1 of 1) --> call.stopping.settling',
  'edge call.active -- xstate.error.actor.inbound (1 of 1) --> call.stopping.hangingUp',
  'edge call.active -- xstate.error.actor.outbound (1 of 1) --> call.stopping.hangingUp',
  'edge call.stopping.draining -- xstate.error.actor.outbound (1 of 1) --> call.stopping.hangingUp',
  'edge call.stopping.hangingUp -- xstate.error.actor.hangUp (1 of 1) --> call.stopping.releasing',
]

/** The share of the call's edges that the models have to take alone. */
const FLOOR = 0.94

/** The paths of the states that a call can stand in, e.g. `talking.heard`. */
const standing = (machine: AnyStateMachine): string[] =>
  nodesOf(machine)
    .filter(({ type }) => type === 'atomic' || type === 'final')
    .map(({ path }) => path.join('.'))

const heeded = (machine: AnyStateMachine): string[] => [
  ...new Set(nodesOf(machine).flatMap((node) => edgesFrom(node).map(({ eventType }) => eventType))),
]

describe('the model of a phone call', () => {
  it('has a check for every state and something to do for every event', () => {
    const run = new PhoneCallRun({})
    expect(Object.keys(run.states).toSorted()).toEqual([...standing(phoneCallModel), '*'].toSorted())
    expect(Object.keys(run.does)).toEqual(expect.arrayContaining(heeded(phoneCallModel)))
    expect(Object.keys(run.does).toSorted()).toEqual([...new Set(EVERY_EVENT.map(({ type }) => type))].toSorted())
  })

  it('has every state reached and every event heeded or borne somewhere', () => {
    const edges = (['inbound', 'outbound'] as const).flatMap((direction) =>
      adjacencyMapToArray(createPhoneCallModel(direction).getAdjacencyMap()),
    )
    const isReached = (path: string) =>
      edges.some(({ state, nextState }) => [state, nextState].some((one) => one.matches(path as never)))
    expect(standing(phoneCallModel).filter((path) => !isReached(path))).toEqual([])
    const told = new Set<string>(edges.map(({ event }) => event.type))
    expect(heeded(phoneCallModel).filter((type) => !told.has(type))).toEqual([])
  })

  it('does not pass over a state without a check', async () => {
    const [path] = createPhoneCallModel('inbound').getShortestPaths()
    const { states, events } = paramsOf(new PhoneCallRun({ direction: 'inbound' }))
    const { expecting: _, ...others } = states ?? {}
    await expect(path?.test({ states: others, ...(events && { events }) })).rejects.toThrow('none for "expecting"')
  })

  it('notices an event that does nothing', async () => {
    const [path] = createPhoneCallModel('inbound').getShortestPaths()
    const { states, events } = paramsOf(new PhoneCallRun({ direction: 'inbound' }))
    const { 'server.connects': _, ...others } = events ?? {}
    await expect(path?.test({ ...(states && { states }), events: others })).rejects.toThrow('connecting')
  })
})

describe.each(['inbound', 'outbound'] as const)('an %s phone call', (direction) => {
  it('goes every way that the model knows', async () => {
    const walks = simpleWalks(direction)
    expect(walks.length).toBeGreaterThan(500)
    await walkAll(walks, watched)
  })

  it('is not moved by what is told twice, too late or too early', async () => {
    const walks = strayWalks(direction)
    expect(walks.length).toBeGreaterThan(10)
    await walkAll(walks, watched)
  })
})

describe('a phone call that comes back to where it was', () => {
  it('goes on as before', async () => {
    const walks = [...returningWalks('inbound'), ...returningWalks('outbound')]
    expect(walks).not.toHaveLength(0)
    await walkAll(walks, watched)
  })
})

describe('the model of a conversation', () => {
  it('has a check for every state and something to do for every event', () => {
    const { states } = conversing(new PhoneCallRun({}).call)
    expect(Object.keys(states).toSorted()).toEqual([...standing(conversationModel), '*'].toSorted())
    expect(Object.keys(EXECUTORS).toSorted()).toEqual(CONVERSATION_EVENTS.toSorted())
    expect(heeded(conversationModel).toSorted()).toEqual(CONVERSATION_EVENTS.toSorted())
    expect(Object.keys(createConversationModel().getAdjacencyMap())).toHaveLength(8)
  })

  it('knows who speaks, whatever has been said before', async () => {
    await expect(walkAll(conversationWalks(), watched)).resolves.toBeUndefined()
  })
})

describe('the models', () => {
  it('enter every state of the call and take every edge of it, except for faults that nobody outside can see', () => {
    expect(coverage.missing()).toEqual(NOT_OF_THE_MODEL)
    const edges = nodesOf(callMachine).flatMap(edgesFrom).length
    expect((edges - NOT_OF_THE_MODEL.length) / edges).toBeGreaterThan(FLOOR)
  })

  it('leave to a few direct walks what is left', async () => {
    await walkAll(directWalks(), watched)
    expect(coverage.missing()).toEqual([])
  })
})
