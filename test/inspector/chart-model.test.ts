import { describe, expect, it } from 'vitest'
import { createActor, fromPromise, setup } from 'xstate'
import {
  callMachine,
  carrierCommandMachine,
  carrierRecordingMachine,
  circuitMachine,
  DEFAULT_CALL_TIMING,
  switchboardMachine,
  transferMachine,
} from '../../machines/index.ts'
import { createChart, edgeIdOf } from '../../src/inspector/chart-model.ts'
import { edgesFrom, nodesOf } from '../machines/edge-coverage.ts'

const lamp = setup({
  actors: { burn: fromPromise<void>(() => new Promise(() => {})) },
  actions: { note: (_: unknown, params: { readonly why: string }) => void params, hum: () => {} },
  guards: { isDark: () => true },
  delays: { dimTimeout: ({ context }) => Number(context['dimMs']), blinkTimeout: 250 },
}).createMachine({
  id: 'lamp',
  context: ({ input }) => ({ ...(typeof input === 'object' ? input : {}) }),
  initial: 'off',
  states: {
    off: { on: { press: [{ guard: 'isDark', target: 'on', actions: { type: 'note', params: { why: 'dark' } } }, {}] } },
    on: {
      entry: 'hum',
      initial: 'bright',
      invoke: { src: 'burn', id: 'flame', onDone: 'off', onError: 'broken' },
      states: {
        bright: { after: { dimTimeout: 'dim', blinkTimeout: 'dim', 1_000: 'dim' } },
        dim: { always: { guard: 'isDark', target: 'gone' } },
        gone: { type: 'final' },
      },
      onDone: { target: 'broken', actions: { type: 'note', params: () => ({ why: 'who knows' }) } },
    },
    broken: { type: 'final' },
  },
})

describe('the chart of a machine', () => {
  const chart = createChart(lamp, { dimMs: 5_000 })
  const edgesOf = (source: string) => chart.edges.filter((edge) => edge.source === source)

  it('has its states in document order, each with its parent, type and first state', () => {
    expect(chart.states.map(({ id, parent, type, initial }) => [id, parent, type, initial])).toEqual([
      ['lamp', undefined, 'compound', 'lamp.off'],
      ['lamp.off', 'lamp', 'atomic', undefined],
      ['lamp.on', 'lamp', 'compound', 'lamp.on.bright'],
      ['lamp.on.bright', 'lamp.on', 'atomic', undefined],
      ['lamp.on.dim', 'lamp.on', 'atomic', undefined],
      ['lamp.on.gone', 'lamp.on', 'final', undefined],
      ['lamp.broken', 'lamp', 'final', undefined],
    ])
  })

  it('tells what a state does and runs, without the timers that XState keeps there', () => {
    expect(chart.states.find(({ id }) => id === 'lamp.on')).toMatchObject({
      entry: ['hum'],
      exit: [],
      invokes: [{ id: 'flame', src: 'burn' }],
    })
    expect(chart.states.find(({ id }) => id === 'lamp.on.bright')).toMatchObject({ entry: [], exit: [] })
  })

  it('has an edge for each alternative, with its guard, its actions and their parameters', () => {
    expect(edgesOf('lamp.off')).toEqual([
      {
        id: 'lamp.off/press/0',
        source: 'lamp.off',
        targets: ['lamp.on'],
        trigger: { kind: 'event', type: 'press' },
        guard: 'isDark',
        actions: ['note(dark)'],
      },
      {
        id: 'lamp.off/press/1',
        source: 'lamp.off',
        targets: [],
        trigger: { kind: 'event', type: 'press' },
        guard: undefined,
        actions: [],
      },
    ])
  })

  it('knows delays by name, and in milliseconds where they are constant or the input is given', () => {
    expect(edgesOf('lamp.on.bright').map(({ trigger }) => trigger)).toEqual([
      { kind: 'after', delay: '1000', ms: 1_000 },
      { kind: 'after', delay: 'dimTimeout', ms: 5_000 },
      { kind: 'after', delay: 'blinkTimeout', ms: 250 },
    ])
    const dim = createChart(lamp).edges.find(
      ({ trigger }) => trigger.kind === 'after' && trigger.delay === 'dimTimeout',
    )
    expect(dim?.trigger).toEqual({ kind: 'after', delay: 'dimTimeout', ms: undefined })
  })

  it('has the edges that need no event, and those of children and of finished parts', () => {
    expect(edgesOf('lamp.on.dim').map(({ trigger }) => trigger)).toEqual([{ kind: 'always' }])
    expect(edgesOf('lamp.on').map(({ trigger }) => trigger)).toEqual([
      { kind: 'finished' },
      { kind: 'done', actor: 'flame' },
      { kind: 'error', actor: 'flame' },
    ])
  })

  it('leaves out parameters that are not known before the event', () => {
    expect(edgesOf('lamp.on').map(({ actions }) => actions)).toEqual([['note'], [], []])
  })

  it.each([
    ['call', callMachine],
    ['carrier command', carrierCommandMachine],
    ['transfer', transferMachine],
    ['recording', carrierRecordingMachine],
    ['circuit', circuitMachine],
    ['switchboard', switchboardMachine],
  ])('of the %s is complete, and names each edge differently', (_, machine) => {
    const { states, edges } = createChart(machine)
    expect(states.map(({ id }) => id)).toEqual(nodesOf(machine).map(({ id }) => id))
    const ids = edges.map(({ id }) => id)
    expect(ids.toSorted()).toEqual(nodesOf(machine).flatMap(edgesFrom).map(edgeIdOf).toSorted())
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('names the edges that a running copy of the machine takes', () => {
    const ids = new Set(createChart(callMachine).edges.map(({ id }) => id))
    const taken: string[] = []
    const call = createActor(callMachine.provide({}), {
      input: { id: 'call_test', direction: 'inbound', callSid: 'CA1', timing: DEFAULT_CALL_TIMING },
      inspect: (event) => {
        if (event.type !== '@xstate.microstep') return
        const { _transitions: transitions } = event
        taken.push(...transitions.map(edgeIdOf).filter((id) => id.startsWith('call.')))
      },
    }).start()
    call.send({ type: 'call.connect' })
    call.stop()
    expect(taken).toEqual(['call.idle/call.connect/1'])
    expect(ids).toContain(taken[0])
  })
})
