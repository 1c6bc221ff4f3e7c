import { adjacencyMapToArray } from 'xstate/graph'
import type { CallEvent } from '../../machines/call-events.ts'
import type { Direction } from '../../machines/reasons.ts'
import {
  dialAnswered,
  dialEnded,
  dialRinging,
  hold,
  resume,
  transfer,
  urgentTransfer,
} from '../machines/call/opening.ts'
import { nodesOf } from '../machines/edge-coverage.ts'
import { EVERY_EVENT, isTime, type PhoneCallEvent } from './phone-call-events.ts'
import { phoneCallModel } from './phone-call-model.ts'
import {
  createPhoneCallModel,
  keyOf,
  type PhoneCallPath,
  type PhoneCallSnapshot,
  type PhoneCallTestModel,
} from './phone-call-paths.ts'
import { PhoneCallRun } from './phone-call-run.ts'
import { unmoved, type Walk } from './walk.ts'

/** The real chart, walked along the model of a phone call. */

type Params = Parameters<PhoneCallTestModel['testPath']>[1]

/** What the walker does and looks at, as the test model wants it. */
export function paramsOf(run: PhoneCallRun): Params {
  const executors = Object.entries(run.does) as [string, (event: PhoneCallEvent) => unknown][]
  const events = executors.map(([type, does]) => [
    type,
    async ({ event }: { event: PhoneCallEvent }) => {
      await does(event)
    },
  ])
  return { states: { ...run.states }, events: Object.fromEntries(events) as NonNullable<Params['events']> }
}

function toWalk(path: PhoneCallPath, direction: Direction, further = ''): Walk {
  const model = createPhoneCallModel(direction)
  return {
    name: `${direction}: ${path.description}${further}`,
    steps: path.steps.length,
    run: async (options) => {
      const run = new PhoneCallRun({ ...options, direction })
      await model.testPath(path, paramsOf(run))
      await run.call.end()
    },
  }
}

const edgesOf = (path: PhoneCallPath): string[] =>
  path.steps.slice(1).map(({ event }, index) => edgeKey(path.steps[index]!.state, event))

const edgeKey = (from: PhoneCallSnapshot, event: PhoneCallEvent) => `${keyOf(from)} ${JSON.stringify(event)}`

/** All simple paths: no state of the model twice. */
export function simpleWalks(direction: Direction): Walk[] {
  return createPhoneCallModel(direction)
    .getSimplePaths()
    .map((path) => toWalk(path, direction))
}

/** The edges that no simple path can take, since they lead back; each walked on to where time leads from there. */
export function returningWalks(direction: Direction): Walk[] {
  const model = createPhoneCallModel(direction)
  const taken = new Set(model.getSimplePaths().flatMap(edgesOf))
  const edges = adjacencyMapToArray(model.getAdjacencyMap())
  return model.getShortestPaths({ allowDuplicatePaths: true }).flatMap((path) => {
    const from = keyOf(path.state)
    const back = edges.filter(({ state, event }) => keyOf(state) === from && !taken.has(edgeKey(state, event)))
    return back.map(({ event, nextState }) => {
      const onwards = edges.find((edge) => keyOf(edge.state) === keyOf(nextState) && isTime(edge.event))
      const steps = [
        { event, state: nextState },
        ...(onwards ? [{ event: onwards.event, state: onwards.nextState }] : []),
      ]
      return toWalk({ ...path, steps: [...path.steps, ...steps] }, direction, `, then ${event.type}`)
    })
  })
}

/** What can be told at any moment, whoever has asked for it. */
const isFact = ({ type }: PhoneCallEvent) =>
  !/^(?:time|turn|carrier|agent)\./.test(type) && type !== 'server.letsGo' && type !== 'server.cannotLetGo'

/** What is told of a call in a state in which it should not matter: twice, too late or too early. */
function straysAt(snapshot: PhoneCallSnapshot): PhoneCallEvent[] {
  const active = nodesOf(phoneCallModel).filter(({ path }) => snapshot.matches(path.join('.') as never))
  const heeded = new Set<string>(active.flatMap((node) => node.ownEvents))
  return EVERY_EVENT.filter((event) => isFact(event) && !heeded.has(event.type))
}

/** What other models are about, where it makes no sense. */
const OF_TRANSFERS: readonly CallEvent[] = [dialRinging, dialAnswered, dialEnded('busy'), resume]
const OF_ACTIVE_CALLS: readonly CallEvent[] = [
  hold,
  transfer,
  urgentTransfer,
  { type: 'call.record' },
  { type: 'call.pauseRecording' },
  { type: 'call.resumeRecording' },
  { type: 'call.stopRecording' },
]

/** To each state by the shortest way; there, everything is told that must not move the call. */
export function strayWalks(direction: Direction): Walk[] {
  const model = createPhoneCallModel(direction)
  const standing = model
    .getShortestPaths({ allowDuplicatePaths: true })
    .filter(({ state }) => state.status === 'active' && !state.matches('askedAgain'))
  return standing.map((path) => ({
    name: `${direction}: strays after ${path.description}`,
    steps: path.steps.length,
    run: async (options) => {
      const run = new PhoneCallRun({ ...options, direction })
      const params = paramsOf(run)
      await path.test(params)
      for (const event of straysAt(path.state)) {
        await model.testTransition(params, { event, state: path.state })
        await unmoved(event, () => model.testState(params, path.state))
      }
      const { call } = run
      for (const event of [...OF_TRANSFERS, ...(call.is('active') ? [] : OF_ACTIVE_CALLS)]) {
        call.tell(event)
        await unmoved(event, () => model.testState(params, path.state))
      }
      await run.call.end()
    },
  }))
}
