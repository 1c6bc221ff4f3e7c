import { describe, expect, it } from 'vitest'
import { adjacencyMapToArray } from 'xstate/graph'
import { SMALL_MODELS } from './every-walk.ts'
import { createSmallModel, heededBy, type SmallModel, smallWalks, standingIn } from './small-model.ts'
import { walkAll } from './walk.ts'

describe.each(SMALL_MODELS)('the model of: $name', (model) => {
  const edges = adjacencyMapToArray(createSmallModel(model).getAdjacencyMap())

  it('has a check for every state and something to do for every event', async () => {
    const { looks, does, call } = model.begin()
    expect(Object.keys(looks).toSorted()).toEqual(standingIn(model.machine).toSorted())
    const types = [...new Set(model.events.map(({ type }) => type))]
    expect(Object.keys(does).toSorted()).toEqual(types.toSorted())
    expect(types).toEqual(expect.arrayContaining(heededBy(model.machine)))
    await call.end()
  })

  it('has every state reached and every event that it heeds told somewhere', () => {
    const isReached = (path: string) =>
      edges.some(({ nextState, state }) => nextState.matches(path) || state.matches(path))
    expect(standingIn(model.machine).filter((path) => !isReached(path))).toEqual([])
    const told = new Set(edges.map(({ event }) => event.type))
    expect(heededBy(model.machine).filter((type) => !told.has(type))).toEqual([])
  })

  it('is small enough for every event to be tried in every state', () => {
    expect(edges.length).toBeGreaterThan(15)
    expect(edges.length).toBeLessThan(700)
  })

  it('notices an event that does nothing, and one that should do nothing and does something', async () => {
    const first = edges.find(({ state, nextState }) => JSON.stringify(state.value) !== JSON.stringify(nextState.value))
    const deaf = first?.event.type ?? ''
    const lame: SmallModel = {
      ...model,
      begin: (options) => {
        const run = model.begin(options)
        return { ...run, does: { ...run.does, [deaf]: () => undefined } }
      },
    }
    await expect(walkAll(smallWalks(lame))).rejects.toThrow('walking')
    const wild: SmallModel = {
      ...model,
      events: [...model.events, { type: 'nobody.asks' }],
      isStray: ({ type }) => type === 'nobody.asks',
      begin: (options) => {
        const run = model.begin(options)
        const does = { ...run.does, 'nobody.asks': () => run.call.tell({ type: 'call.hangUp', reason: 'draining' }) }
        return { ...run, does }
      },
    }
    await expect(walkAll(smallWalks(wild))).rejects.toThrow('nobody.asks')
  })
})
