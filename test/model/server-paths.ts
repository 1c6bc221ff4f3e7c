import { adjacencyMapToArray } from 'xstate/graph'
import type { Direction } from '../../machines/reasons.ts'
import type { PhoneCallEvent } from './phone-call-events.ts'
import { createPhoneCallModel, keyOf, type PhoneCallPath, type PhoneCallSnapshot } from './phone-call-paths.ts'

/** The ways through the model that a whole server and a simulated carrier can go. */

type Type = PhoneCallEvent['type']

/**
 * What can be made to happen in each state. Not made here: faults of our own (the models do not know them or the fake
 * children make them), waits that the carrier cuts short, takeovers by a second socket, and disorder in what the carrier
 * says, or a silence of it about a leg. A leg that the carrier refuses to end would outlive the test.
 */
const POSSIBLE: Readonly<Record<string, readonly Type[]>> = {
  announced: ['server.connects'],
  queued: ['turn.comes'],
  'ordering.asked': [
    'carrier.accepts',
    'carrier.refuses',
    'carrier.fails',
    'carrier.isBusy',
    'time.answer',
    'api.hangsUp',
  ],
  'ordering.putOff': ['time.backoff', 'api.hangsUp'],
  askedAgain: ['carrier.accepts'],
  unwanted: ['carrier.accepts', 'carrier.refuses', 'carrier.fails'],
  'unsure.waiting': ['phone.rings', 'time.doubt'],
  'unsure.looking': ['carrier.findsNothing', 'carrier.cannotLook'],
  'doubtful.waiting': ['phone.rings', 'time.settle'],
  'doubtful.looking': ['carrier.findsNothing'],
  ringing: ['phone.isAnswered', 'leg.ends', 'api.hangsUp'],
  expecting: ['stream.opens', 'leg.ends', 'api.hangsUp', 'time.stream'],
  'talking.heard': [
    'stream.stops',
    'stream.dies',
    'stream.goesQuiet',
    'agent.returns',
    'agent.throws',
    'api.hangsUp',
    'time.limit',
  ],
  'talking.quiet': ['stream.isHeard', 'time.silence'],
  'cutOff.dropped': ['stream.opens', 'leg.ends', 'time.grace'],
  'cutOff.mute': ['stream.opens', 'time.grace'],
  farewell: ['speech.isPlayed', 'stream.dies', 'stream.stops', 'api.hangsUp'],
  hangingUp: ['carrier.hangsUp'],
  lettingGo: ['server.letsGo'],
}

/** How a call goes on of which nobody knew for a while whether it had been placed. */
const PROGRESS: ReadonlySet<Type> = new Set<Type>(['phone.rings', 'phone.isAnswered', 'stream.opens', 'stream.stops'])

function isPossible(snapshot: PhoneCallSnapshot, event: PhoneCallEvent): boolean {
  const here = Object.keys(POSSIBLE).find((key) => snapshot.matches(key as never)) ?? ''
  if (!snapshot.can(event) || POSSIBLE[here]?.includes(event.type) !== true) return false
  if (!isNews(snapshot, event)) return false
  if (event.type === 'api.hangsUp') return event.reason === 'hung up by API'
  if (event.type !== 'leg.ends') return true
  // Who puts a ringing telephone down is busy; who was called hears something first.
  const isCompleted = event.outcome === 'completed'
  return here === 'ringing' ? !isCompleted : isCompleted && snapshot.context.direction === 'inbound'
}

/** What was put off, or streams again, goes on as if it were the first time; what is said is told of inbound calls. */
function isNews({ context }: PhoneCallSnapshot, { type }: PhoneCallEvent): boolean {
  // A telephone that rings has rung before anybody looked.
  if (context.reason !== undefined) return !(context.isRoundabout && type === 'phone.rings')
  if (context.isRoundabout && !/^(carrier|time)\./.test(type)) return PROGRESS.has(type)
  if (context.orders > 1) return type === 'carrier.accepts' || type === 'api.hangsUp'
  if (context.streams > 1) return type === 'stream.dies' || type === 'stream.opens'
  if (context.direction === 'outbound' && context.streams > 0) return type === 'stream.stops'
  return true
}

/** What ends a call that may be over in several ways. */
const ENDINGS: ReadonlySet<Type> = new Set<Type>(['carrier.findsNothing', 'carrier.hangsUp', 'server.letsGo'])

export function serverPaths(direction: Direction): PhoneCallPath[] {
  const model = createPhoneCallModel(direction)
  const edges = adjacencyMapToArray(model.getAdjacencyMap())

  /** A shorter way may lead to the same end; then this one goes on to it. */
  const toTheEnd = (path: PhoneCallPath): PhoneCallPath => {
    const onwards = edges.find(({ state, event }) => keyOf(state) === keyOf(path.state) && ENDINGS.has(event.type))
    if (onwards === undefined) return path
    const { event, nextState } = onwards
    return toTheEnd({ ...path, state: nextState, steps: [...path.steps, { event, state: nextState }] })
  }
  return model.getShortestPaths({ filterEvents: isPossible }).map(toTheEnd)
}
