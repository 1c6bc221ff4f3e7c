import { describe, expect, it } from 'vitest'
import { adjacencyMapToArray } from 'xstate/graph'
import { EVERY_EVENT } from './phone-call-events.ts'
import { phoneCallModel } from './phone-call-model.ts'
import { createPhoneCallModel } from './phone-call-paths.ts'
import { PhoneCallRun } from './phone-call-run.ts'
import { paramsOf } from './phone-call-walks.ts'
import { heededBy, standingIn } from './small-model.ts'

describe('the model of a phone call', () => {
  it('has a check for every state and something to do for every event', () => {
    const run = new PhoneCallRun({})
    expect(Object.keys(run.states).toSorted()).toEqual([...standingIn(phoneCallModel), '*'].toSorted())
    expect(Object.keys(run.does)).toEqual(expect.arrayContaining(heededBy(phoneCallModel)))
    expect(Object.keys(run.does).toSorted()).toEqual([...new Set(EVERY_EVENT.map(({ type }) => type))].toSorted())
  })

  it('has every state reached and every event heeded or borne somewhere', () => {
    const edges = (['inbound', 'outbound'] as const).flatMap((direction) =>
      adjacencyMapToArray(createPhoneCallModel(direction).getAdjacencyMap()),
    )
    const isReached = (path: string) =>
      edges.some(({ state, nextState }) => [state, nextState].some((one) => one.matches(path as never)))
    expect(standingIn(phoneCallModel).filter((path) => !isReached(path))).toEqual([])
    const told = new Set<string>(edges.map(({ event }) => event.type))
    expect(heededBy(phoneCallModel).filter((type) => !told.has(type))).toEqual([])
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
