import type { SnapshotFrom } from 'xstate'
import { createTestModel, type TestPath } from 'xstate/graph'
import type { Direction } from '../../machines/reasons.ts'
import { EVERY_EVENT, type PhoneCallEvent } from './phone-call-events.ts'
import { phoneCallModel } from './phone-call-model.ts'

/** The ways through the model. */

export type PhoneCallSnapshot = SnapshotFrom<typeof phoneCallModel>
export type PhoneCallPath = TestPath<PhoneCallSnapshot, PhoneCallEvent>

/** The model is finite; one that is not would be noticed here. */
const LIMIT = 20_000

const keys = new WeakMap<PhoneCallSnapshot, string>()

/** Everything that the model knows tells its states apart. */
export function keyOf(snapshot: PhoneCallSnapshot): string {
  const known = keys.get(snapshot) ?? JSON.stringify([snapshot.value, snapshot.context])
  keys.set(snapshot, known)
  return known
}

const CLUMSY: ReadonlySet<PhoneCallEvent['type']> = new Set([
  'carrier.doesNotHangUp',
  'time.hangUp',
  'server.cannotLetGo',
  'time.release',
])

/** What a stream may still do to a call that has had others: the rest is as it was with the first. */
const OF_LATER_STREAMS: ReadonlySet<PhoneCallEvent['type']> = new Set([
  'stream.opens',
  'stream.dies',
  'stream.stalls',
  'stream.goesQuiet',
  'time.silence',
  'time.grace',
  'time.limit',
])

/** What may come of a call that is not wanted any more, whyever that is. */
const OF_ANY_DOUBT: ReadonlySet<PhoneCallEvent['type']> = new Set([
  'carrier.accepts',
  'carrier.refuses',
  'carrier.fails',
  'phone.rings',
  'time.settle',
  'carrier.findsNothing',
])

/** How a call goes on that was adopted, or of which nobody knew whether it had been placed: as any other does. */
const OF_ROUNDABOUT_WAYS: ReadonlySet<PhoneCallEvent['type']> = new Set([
  'phone.isAnswered',
  'time.ring',
  'stream.opens',
  'time.stream',
  'stream.stops',
  'carrier.hangsUp',
  'server.letsGo',
])

/** What depends on who called whom, once they talk. */
const OF_DIRECTION: ReadonlySet<PhoneCallEvent['type']> = new Set(['stream.stops', 'leg.ends', 'time.limit'])

/**
 * Keeps apart what does not depend on each other, so that the paths stay few enough for all of them to be walked. How
 * clumsily a call may end, or how much doubt there is about it, does not depend on why it ends: one ordinary ending and
 * one fault go through all of it. Only losing streams depends on how many were lost. What happens in a conversation is
 * told of inbound calls. A leg that does not ring is neither busy nor unanswered, and a call that was not dialled streams
 * nothing. Which way a call has come makes no difference.
 */
function isWorthwhile({ context, value }: PhoneCallSnapshot, event: PhoneCallEvent): boolean {
  const { direction, reason, streams, isRoundabout } = context
  if (value === 'queued' && event.type === 'stream.opens') return false
  if (isRoundabout && !isWithin(value, 'unsure', 'doubtful')) return OF_ROUNDABOUT_WAYS.has(event.type)
  if (CLUMSY.has(event.type)) return reason === 'hung up by API' || reason === 'queue overflow'
  if (isWithin(value, 'unwanted', 'doubtful') && reason !== 'hung up by API' && reason !== 'carrier refused')
    return OF_ANY_DOUBT.has(event.type) && isFirstOfItsKind(event)
  if (reason === undefined && streams > 0 && direction === 'outbound')
    return OF_DIRECTION.has(event.type) && isPlain(event)
  if (reason === undefined && streams > 1) return OF_LATER_STREAMS.has(event.type)
  return value === 'ringing' || isPlain(event)
}

const isWithin = (value: PhoneCallSnapshot['value'], ...states: string[]) =>
  states.some((state) => (typeof value === 'object' ? state in value : state === value))

/** Of the carrier's answers. */
const isFirstOfItsKind = (event: PhoneCallEvent) =>
  !('code' in event) || event.code === 'CARRIER_REFUSED' || event.code === 'CARRIER_UNAVAILABLE'

const isPlain = (event: PhoneCallEvent) => event.type !== 'leg.ends' || event.outcome === 'completed'

export function createPhoneCallModel(direction: Direction) {
  return createTestModel(phoneCallModel, {
    input: { direction },
    events: EVERY_EVENT,
    serializeState: keyOf,
    filterEvents: (snapshot, event) => snapshot.can(event) && isWorthwhile(snapshot, event),
    limit: LIMIT,
  })
}

export type PhoneCallTestModel = ReturnType<typeof createPhoneCallModel>
