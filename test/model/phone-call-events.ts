import type { LegOutcome, Reason } from '../../machines/reasons.ts'

/**
 * What can happen to a phone call, in the words of those outside: the carrier, the people, our own server as they see
 * it, and time. Every wait is an event of its own, since time is outside too.
 */
export type PhoneCallEvent =
  | { readonly type: 'server.connects' }
  /** A call that was under way in a server that has died. */
  | { readonly type: 'server.adopts' }
  | { readonly type: 'server.letsGo' }
  | { readonly type: 'server.cannotLetGo' }
  /** It may be dialled now; or never, since too many wait. */
  | { readonly type: 'turn.comes' }
  | { readonly type: 'turn.isDenied' }
  | { readonly type: 'carrier.accepts' }
  /** Proof that nobody is being rung. */
  | { readonly type: 'carrier.refuses'; readonly code: string }
  /** 429: not now. */
  | { readonly type: 'carrier.isBusy' }
  /** No usable answer: somebody may be rung, or nobody. */
  | { readonly type: 'carrier.fails'; readonly code: string }
  /** Asked whether it has such a call. */
  | { readonly type: 'carrier.finds' }
  | { readonly type: 'carrier.findsNothing' }
  | { readonly type: 'carrier.cannotLook' }
  | { readonly type: 'carrier.hangsUp' }
  | { readonly type: 'carrier.doesNotHangUp' }
  | { readonly type: 'phone.rings' }
  | { readonly type: 'phone.isAnswered' }
  | { readonly type: 'leg.ends'; readonly outcome: LegOutcome }
  /** Man or machine. */
  | { readonly type: 'answerer.isDetected' }
  /** A stream with a SID of its own. */
  | { readonly type: 'stream.opens' }
  /** The `start` of the present stream, told once more. */
  | { readonly type: 'stream.opensAgain' }
  | { readonly type: 'stream.isForeign' }
  | { readonly type: 'stream.dies' }
  | { readonly type: 'stream.stalls' }
  | { readonly type: 'stream.stops' }
  | { readonly type: 'stream.goesQuiet' }
  | { readonly type: 'stream.isHeard' }
  /** Late words about a stream that was replaced long ago. */
  | { readonly type: 'oldStream.dies' }
  | { readonly type: 'oldStream.stops' }
  | { readonly type: 'caller.presses' }
  | { readonly type: 'agent.returns' }
  | { readonly type: 'agent.throws' }
  | { readonly type: 'speech.isPlayed' }
  /** More is said than can ever be heard in time. */
  | { readonly type: 'speech.pilesUp' }
  | { readonly type: 'api.hangsUp'; readonly reason: Reason }
  | { readonly type: 'api.finishes'; readonly reason: Reason }
  | { readonly type: `time.${Wait}` }

/** Each wait is over when its time has passed and nothing else has come. */
export type Wait =
  | 'idle'
  | 'queue'
  | 'backoff'
  | 'answer'
  | 'ring'
  | 'stream'
  | 'silence'
  | 'grace'
  | 'limit'
  | 'drain'
  | 'doubt'
  | 'settle'
  | 'lookUp'
  | 'hangUp'
  | 'release'

type Type = PhoneCallEvent['type']
type Cases = { readonly [T in Type]: readonly [Case<T>, ...Case<T>[]] }
type Case<T extends Type> = Omit<Extract<PhoneCallEvent, { type: T }>, 'type'>

/** Every event with all its payloads: one without its case would silently take the edge that asks for nothing. */
const CASES: Cases = {
  'server.connects': [{}],
  'server.adopts': [{}],
  'server.letsGo': [{}],
  'server.cannotLetGo': [{}],
  'turn.comes': [{}],
  'turn.isDenied': [{}],
  'carrier.accepts': [{}],
  'carrier.refuses': [{ code: 'CARRIER_REFUSED' }, { code: 'CARRIER_UNAUTHORIZED' }],
  'carrier.isBusy': [{}],
  'carrier.fails': [{ code: 'CARRIER_UNAVAILABLE' }, { code: 'CARRIER_GIBBERISH' }],
  'carrier.finds': [{}],
  'carrier.findsNothing': [{}],
  'carrier.cannotLook': [{}],
  'carrier.hangsUp': [{}],
  'carrier.doesNotHangUp': [{}],
  'phone.rings': [{}],
  'phone.isAnswered': [{}],
  'leg.ends': [
    { outcome: 'completed' },
    { outcome: 'busy' },
    { outcome: 'no-answer' },
    { outcome: 'failed' },
    { outcome: 'canceled' },
  ],
  'answerer.isDetected': [{}],
  'stream.opens': [{}],
  'stream.opensAgain': [{}],
  'stream.isForeign': [{}],
  'stream.dies': [{}],
  'stream.stalls': [{}],
  'stream.stops': [{}],
  'stream.goesQuiet': [{}],
  'stream.isHeard': [{}],
  'oldStream.dies': [{}],
  'oldStream.stops': [{}],
  'caller.presses': [{}],
  'agent.returns': [{}],
  'agent.throws': [{}],
  'speech.isPlayed': [{}],
  'speech.pilesUp': [{}],
  'api.hangsUp': [{ reason: 'hung up by API' }, { reason: 'queue overflow' }],
  'api.finishes': [{ reason: 'draining' }],
  'time.idle': [{}],
  'time.queue': [{}],
  'time.backoff': [{}],
  'time.answer': [{}],
  'time.ring': [{}],
  'time.stream': [{}],
  'time.silence': [{}],
  'time.grace': [{}],
  'time.limit': [{}],
  'time.drain': [{}],
  'time.doubt': [{}],
  'time.settle': [{}],
  'time.lookUp': [{}],
  'time.hangUp': [{}],
  'time.release': [{}],
}

export const EVERY_EVENT = Object.entries(CASES).flatMap(([type, cases]) =>
  cases.map((payload) => ({ type, ...payload }) as PhoneCallEvent),
)

export const isTime = (event: PhoneCallEvent): boolean => event.type.startsWith('time.')
