import type { LegOutcome, Reason } from '../../machines/reasons.ts'

/**
 * What can happen to a phone call, in the words of those outside: the carrier, the people, our own server as they see
 * it, and time. Every wait is an event of its own, since time is outside too.
 */
export type PhoneCallEvent =
  | { readonly type: 'server.connects' }
  | { readonly type: 'server.letsGo' }
  | { readonly type: 'server.cannotLetGo' }
  | { readonly type: 'carrier.accepts' }
  /** Proof that nobody is being rung. */
  | { readonly type: 'carrier.refuses'; readonly code: string }
  /** 429: not now. */
  | { readonly type: 'carrier.isBusy' }
  /** No usable answer: somebody may be rung, or nobody. */
  | { readonly type: 'carrier.fails'; readonly code: string }
  | { readonly type: 'carrier.hangsUp' }
  | { readonly type: 'carrier.doesNotHangUp' }
  | { readonly type: 'phone.rings' }
  | { readonly type: 'phone.isAnswered' }
  | { readonly type: 'leg.ends'; readonly outcome: LegOutcome }
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
  | { readonly type: 'api.hangsUp'; readonly reason: Reason }
  | { readonly type: 'api.finishes'; readonly reason: Reason }
  | { readonly type: `time.${Wait}` }

/** Each wait is over when its time has passed and nothing else has come. */
export type Wait =
  | 'idle'
  | 'backoff'
  | 'answer'
  | 'ring'
  | 'stream'
  | 'silence'
  | 'grace'
  | 'limit'
  | 'drain'
  | 'settle'
  | 'hangUp'
  | 'release'

type Type = PhoneCallEvent['type']
type Cases = { readonly [T in Type]: readonly [Case<T>, ...Case<T>[]] }
type Case<T extends Type> = Omit<Extract<PhoneCallEvent, { type: T }>, 'type'>

/** Every event with all its payloads: one without its case would silently take the edge that asks for nothing. */
const CASES: Cases = {
  'server.connects': [{}],
  'server.letsGo': [{}],
  'server.cannotLetGo': [{}],
  'carrier.accepts': [{}],
  'carrier.refuses': [{ code: 'CARRIER_REFUSED' }, { code: 'CARRIER_UNAUTHORIZED' }],
  'carrier.isBusy': [{}],
  'carrier.fails': [{ code: 'CARRIER_UNAVAILABLE' }, { code: 'CARRIER_GIBBERISH' }],
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
  'api.hangsUp': [{ reason: 'hung up by API' }, { reason: 'queue overflow' }],
  'api.finishes': [{ reason: 'draining' }],
  'time.idle': [{}],
  'time.backoff': [{}],
  'time.answer': [{}],
  'time.ring': [{}],
  'time.stream': [{}],
  'time.silence': [{}],
  'time.grace': [{}],
  'time.limit': [{}],
  'time.drain': [{}],
  'time.settle': [{}],
  'time.hangUp': [{}],
  'time.release': [{}],
}

export const EVERY_EVENT = Object.entries(CASES).flatMap(([type, cases]) =>
  cases.map((payload) => ({ type, ...payload }) as PhoneCallEvent),
)

export const isTime = (event: PhoneCallEvent): boolean => event.type.startsWith('time.')
