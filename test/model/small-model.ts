import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate'
import { adjacencyMapToArray, createTestModel } from 'xstate/graph'
import type { CallOptions, CallUnderTest } from '../machines/call-under-test.ts'
import { edgesFrom, nodesOf } from '../machines/edge-coverage.ts'
import { unmoved, type Walk } from './walk.ts'

/** A model of one concern of an active call, small enough for every event to be tried in every state of it. */
export interface SmallModel<Event extends EventObject = EventObject> {
  readonly name: string
  readonly machine: AnyStateMachine
  readonly input?: object
  /** With all payloads. */
  readonly events: readonly Event[]
  /** Must not move a call in a state of the model that does not heed it: told twice, too late or too early. */
  readonly isStray?: (event: Event, snapshot: AnyMachineSnapshot) => boolean
  /** Keeps apart what does not depend on each other. */
  readonly isWorthwhile?: (snapshot: AnyMachineSnapshot, event: Event) => boolean
  readonly begin: (options?: CallOptions) => SmallRun<Event>
}

export interface SmallRun<Event extends EventObject = EventObject> {
  readonly call: CallUnderTest
  /** What to do for each event. */
  readonly does: { readonly [T in Event['type']]: (event: Extract<Event, { type: T }>) => unknown }
  /** What to look at in each state that the model can stand in, by its path. */
  readonly looks: Readonly<Record<string, (snapshot: AnyMachineSnapshot) => unknown>>
}

/** The model is finite; one that is not would be noticed here. */
const LIMIT = 5_000

const keyOf = ({ value, context }: AnyMachineSnapshot) => JSON.stringify([value, context])

export function createSmallModel({ machine, input, events, isWorthwhile = () => true }: SmallModel) {
  return createTestModel(machine, {
    events: [...events],
    serializeState: keyOf,
    filterEvents: (snapshot, event) => snapshot.can(event) && isWorthwhile(snapshot, event),
    limit: LIMIT,
    ...(input && { input }),
  })
}

export function paramsOf({ does, looks }: SmallRun) {
  const executors = Object.entries(does) as [string, (event: EventObject) => unknown][]
  return {
    states: {
      ...looks,
      '*': ({ value }: AnyMachineSnapshot) => {
        throw new Error(`expected a check for every state of the model, got none for ${JSON.stringify(value)}`)
      },
    },
    events: Object.fromEntries(
      executors.map(([type, act]) => [type, async ({ event }: { event: EventObject }) => void (await act(event))]),
    ),
  }
}

interface Step {
  readonly event: EventObject
  readonly state: AnyMachineSnapshot
}

const isTime = ({ type }: EventObject) => type.startsWith('time.')

/**
 * To each state by the shortest way, on from there by each event, and to where time leads then; and, in each state, all
 * that must not move it.
 */
export function smallWalks(model: SmallModel): Walk[] {
  const tester = createSmallModel(model)
  const edges = adjacencyMapToArray(tester.getAdjacencyMap())
  const paths = tester.getShortestPaths({ allowDuplicatePaths: true })

  const toWalk = (steps: readonly Step[], name: string, strays: readonly EventObject[] = []): Walk => ({
    name: `${model.name}: ${name}`,
    steps: steps.length,
    run: async (options) => {
      const run = model.begin(options)
      const params = paramsOf(run)
      for (const step of steps) {
        await tester.testTransition(params, step)
        await tester.testState(params, step.state)
      }
      const last = steps.at(-1)
      for (const event of last ? strays : []) {
        await tester.testTransition(params, { event, state: last!.state })
        await unmoved(event, () => tester.testState(params, last!.state))
      }
      await run.call.end()
    },
  })

  return paths.flatMap(({ steps, state, description }) => [
    ...(state.status === 'active' ? [toWalk(steps, `strays after ${description}`, straysAt(model, state))] : []),
    ...edges
      .filter((edge) => keyOf(edge.state) === keyOf(state))
      .map(({ event, nextState }) => {
        const onwards = edges.find((edge) => keyOf(edge.state) === keyOf(nextState) && isTime(edge.event))
        const further = onwards ? [{ event: onwards.event, state: onwards.nextState }] : []
        return toWalk(
          [...steps, { event, state: nextState }, ...further],
          `${JSON.stringify(event)} after ${description}`,
        )
      }),
  ])
}

/** The paths of the states that a call can stand in, e.g. `talking.heard`. */
export const standingIn = (machine: AnyStateMachine): string[] =>
  nodesOf(machine)
    .filter(({ type }) => type === 'atomic' || type === 'final')
    .map(({ path }) => path.join('.'))

export const heededBy = (machine: AnyStateMachine): string[] => [
  ...new Set(nodesOf(machine).flatMap((node) => edgesFrom(node).map(({ eventType }) => eventType))),
]

function straysAt({ machine, events, isStray = () => false }: SmallModel, snapshot: AnyMachineSnapshot) {
  if (snapshot.status !== 'active') return []
  const active = nodesOf(machine).filter(({ path }) => path.length === 0 || snapshot.matches(path.join('.')))
  const heeded = new Set<string>(active.flatMap((node) => node.ownEvents))
  return events.filter((event) => isStray(event, snapshot) && !heeded.has(event.type))
}
