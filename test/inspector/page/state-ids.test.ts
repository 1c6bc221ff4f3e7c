import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { callMachine, switchboardMachine } from '../../../machines/index.ts'
import { createChart } from '../../../src/inspector/chart-model.ts'
import { enteredLeaves, idsOf, leavesOf, topOf, wordsOfState } from '../../../src/inspector/page/state-ids.ts'

const ACTIVE = { active: { floor: { speaking: 'over' }, stream: 'flowing', queue: 'roomy' } }

describe("a state's ids in the picture", () => {
  it('are of all states that are active, parallel and nested ones too', () => {
    expect(new Set(idsOf('call', ACTIVE))).toEqual(
      new Set([
        'call',
        'call.active',
        'call.active.floor',
        'call.active.floor.speaking',
        'call.active.floor.speaking.over',
        'call.active.stream',
        'call.active.stream.flowing',
        'call.active.queue',
        'call.active.queue.roomy',
      ]),
    )
  })

  it('are ids that the chart itself has', () => {
    const chart = createChart(callMachine)
    const known = new Set(chart.states.map(({ id }) => id))
    expect(idsOf('call', ACTIVE).filter((id) => !known.has(id))).toEqual([])
  })

  it('are those of the chart alone where no state is known', () => {
    expect(idsOf('switchboard', '')).toEqual(['switchboard'])
  })

  it('agree with the running chart about its innermost states', () => {
    const { value, _nodes: nodes } = createActor(switchboardMachine, {
      input: { maxCalls: 1, drainMs: 1 },
    }).getSnapshot()
    const innermost = nodes.filter(({ type }) => type === 'atomic').map(({ id }) => id)
    expect(leavesOf('switchboard', value)).toEqual(innermost)
  })

  it('that have just been entered are told from those that were there', () => {
    const before = { active: { floor: 'idle', stream: 'flowing', queue: 'roomy' } }
    expect(enteredLeaves('call', before, ACTIVE)).toEqual(['call.active.floor.speaking.over'])
    expect(enteredLeaves('call', undefined, 'idle')).toEqual(['call.idle'])
  })
})

describe("a state's words", () => {
  it('are the path, with parallel parts in brackets', () => {
    expect(wordsOfState('ended')).toBe('ended')
    expect(wordsOfState({ connecting: { dialing: 'wanted' } })).toBe('connecting.dialing.wanted')
    expect(wordsOfState(ACTIVE)).toBe('active (floor: speaking.over, stream: flowing, queue: roomy)')
  })

  it('begin with the name of the top-level state', () => {
    expect([topOf('idle'), topOf(ACTIVE)]).toEqual(['idle', 'active'])
  })
})
