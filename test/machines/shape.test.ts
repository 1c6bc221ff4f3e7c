import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, type AnyStateNode, initialTransition, setup } from 'xstate'
import { circuitMachine } from '../../machines/circuit.ts'
import {
  callMachine,
  carrierCommandMachine,
  carrierRecordingMachine,
  DEFAULT_CALL_TIMING,
  switchboardMachine,
  transferMachine,
} from '../../machines/index.ts'
import { edgesFrom, nodesOf } from './edge-coverage.ts'

const MACHINES: readonly (readonly [string, AnyStateMachine, object])[] = [
  ['call', callMachine, { id: 'call_test', direction: 'inbound', timing: DEFAULT_CALL_TIMING }],
  ['carrier command', carrierCommandMachine, { callId: 'call_test', command: 'hangUp', callSid: 'CA1' }],
  ['transfer', transferMachine, { callId: 'call_test', callSid: 'CA1', ringMs: 40_000 }],
  ['recording', carrierRecordingMachine, { callId: 'call_test', callSid: 'CA1' }],
  ['switchboard', switchboardMachine, { maxCalls: 3, drainMs: 1_000 }],
  ['circuit', circuitMachine, {}],
]

/** States that wait without a timeout of their own or of an ancestor, each with what bounds it instead. */
const UNTIMED: Record<string, string> = {
  'call.connecting.dialing.wanted': 'the carrier command ends by itself',
  'call.connecting.dialing.unwanted': 'the carrier command ends by itself',
  'transfer.unanswered.redirecting': 'the carrier command ends by itself',
  'transfer.bridged': 'who talks is under the call’s time limit',
  'recording.starting.wanted': 'the carrier command ends by itself',
  'recording.starting.unwanted': 'the carrier command ends by itself',
  'recording.rolling': 'it ends with the call',
  'recording.pausing': 'the carrier command ends by itself',
  'recording.paused': 'it ends with the call',
  'recording.resuming': 'the carrier command ends by itself',
  'recording.stopping': 'the carrier command ends by itself',
  'recording.stoppingPaused': 'the carrier command ends by itself',
  'switchboard.accepting.open': 'a node serves until it is told to stop',
  'switchboard.accepting.full': 'a node serves until it is told to stop',
  'switchboard.accepting.strained': 'the loop is looked at fifty times a second',
  'circuit.closed': 'a carrier that answers is not suspected',
  'circuit.halfOpen.ready': 'nothing is under way until somebody asks',
}

type Named = string | { readonly type: string } | ((...args: never[]) => unknown)

/** Those that are named but not implemented. What is written in place, as a function, has no name. */
function missing(kind: string, known: object, used: readonly Named[]): string[] {
  return used
    .filter((one) => typeof one !== 'function')
    .map((one) => (typeof one === 'string' ? one : one.type))
    .filter((name) => !(name in known))
    .map((name) => `${kind} ${name}`)
}

/** XState does not complain about a name that nobody implements, and a delay without a value is no delay at all. */
function unknownNames(machine: AnyStateMachine): string[] {
  const { actions, guards, delays, actors } = machine.implementations
  return nodesOf(machine).flatMap((node) => {
    const edges = edgesFrom(node)
    const waits = node.after.map(({ delay }) => delay).filter((delay) => typeof delay === 'string')
    const doings = [...node.entry, ...node.exit, ...edges.flatMap((edge) => edge.actions)]
    return [
      ...missing('delay', delays, waits),
      ...missing(
        'actor',
        actors,
        node.invoke.map(({ src }) => src).filter((src) => typeof src === 'string'),
      ),
      ...missing(
        'guard',
        guards,
        edges.flatMap(({ guard }) => (guard ? [guard] : [])),
      ),
      ...missing('action', actions, doings),
    ]
  })
}

/** Waiting states that no timer ends. */
function untimedStates(machine: AnyStateMachine): string[] {
  const isTimed = (node: AnyStateNode): boolean =>
    node.after.length > 0 || (node.parent !== undefined && isTimed(node.parent))
  return nodesOf(machine)
    .filter((node) => node.type === 'atomic' && !isTimed(node))
    .map((node) => node.id)
}

describe.each(MACHINES)('the chart of the %s', (_, machine, input) => {
  it('names only delays, guards, actions and actors that exist', () => {
    expect(unknownNames(machine)).toEqual([])
  })

  it('gives every delay a number of milliseconds', () => {
    const [{ context }] = initialTransition(machine, input)
    for (const delay of Object.values<unknown>(machine.implementations.delays)) {
      const ms: unknown = typeof delay === 'function' ? delay({ context }) : delay
      expect(ms).toSatisfy((value) => Number.isFinite(value) && Number(value) > 0)
    }
  })

  it('has a timeout wherever it waits, or a good reason for none', () => {
    expect(untimedStates(machine).filter((id) => !(id in UNTIMED))).toEqual([])
  })

  it('starts', () => {
    const [{ status }] = initialTransition(machine, input)
    expect(status).toBe('active')
  })

  it('says what follows when a child fails', () => {
    for (const node of nodesOf(machine)) {
      for (const { id } of node.invoke) expect(node.ownEvents).toContain(`xstate.error.actor.${id}`)
    }
  })
})

describe('the charts', () => {
  it('bound the states that wait without a timer by what they invoke or by their nature, and by nothing else', () => {
    const untimed = MACHINES.flatMap(([, machine]) => untimedStates(machine))
    expect(untimed.toSorted()).toEqual(Object.keys(UNTIMED).toSorted())
  })

  it('show a call as idle, connecting, active, stopping, ended or error', () => {
    const top = Object.values(callMachine.root.states)
    expect(top.map(({ key }) => key)).toEqual(['idle', 'connecting', 'active', 'stopping', 'ended', 'error'])
    expect(top.filter(({ type }) => type === 'final').map(({ key }) => key)).toEqual(['ended', 'error'])
  })

  it('are checked by a check that finds a wrong name and a wait without an end', () => {
    const wrong = setup({ delays: { graceTimeout: 1 } }).createMachine({
      initial: 'waiting',
      states: {
        // @ts-expect-error a misspelt name, as a machine that was built without types could have
        waiting: { after: { graceTimout: 'idle' }, entry: 'bow', on: { go: { guard: 'isOpen', target: 'idle' } } },
        idle: {},
      },
    })
    expect(unknownNames(wrong)).toEqual(['delay graceTimout', 'guard isOpen', 'action bow'])
    expect(untimedStates(wrong)).toEqual(['(machine).idle'])
  })
})
