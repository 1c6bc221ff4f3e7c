/** The Calls resource: https://www.twilio.com/docs/voice/api/call-resource */

import type { SimulatedCall } from './call.ts'
import { toRfc2822 } from './call-form.ts'
import type { CallbackTarget } from './callback-delivery.ts'
import { type DetectionOrder, parseDetectionOrder } from './detection-order.ts'
import type { Exchange } from './exchange.ts'
import { numberOf } from './rest-form.ts'
import { type ProblemCode, RestProblem } from './rest-problem.ts'
import { type CallEvent, toCallEvents } from './status-callbacks.ts'
import type { Instructions } from './twiml-runner.ts'

/** A checked request for a call. */
export interface CallOrder {
  readonly to: string
  readonly from: string
  readonly instructions: Instructions
  readonly statusCallback: (CallbackTarget & { readonly events: ReadonlySet<CallEvent> }) | undefined
  readonly ringTimeoutMs: number
  readonly timeLimitMs: number
  readonly detection: DetectionOrder | undefined
}

/** What an update asks for. */
export type CallUpdate = { readonly status: 'completed' | 'canceled' } | { readonly instructions: Instructions }

const E164 = /^\+[1-9]\d{6,14}$/
/** https://www.twilio.com/docs/iam/test-credentials#test-calls */
const MAGIC_TO: ReadonlyMap<string, ProblemCode> = new Map([
  ['+15005550001', 21217],
  ['+15005550002', 21214],
  ['+15005550003', 21215],
  ['+15005550004', 21216],
])
const MAGIC_FROM_INVALID = '+15005550001'
const MAGIC_FROM_VALID = '+15005550006'
const LONGEST_TWIML = 4_000
const RING_TIMEOUT_SECONDS = { standard: 60, least: 1, most: 600 } as const
/** Four hours. */
const TIME_LIMIT_SECONDS = { standard: 14_400, least: 1, most: 86_400 } as const

/** Throws {@link RestProblem}. `ownNumbers` restricts the caller id; undefined lets any number call. */
export function parseCallOrder(params: URLSearchParams, ownNumbers: ReadonlySet<string> | undefined): CallOrder {
  const to = checkTo(params.get('To'))
  const from = checkFrom(params.get('From'), ownNumbers)
  const instructions = parseInstructions(params, 'url')
  if (instructions === undefined) throw new RestProblem(21205)
  return {
    to,
    from,
    instructions,
    statusCallback: parseStatusCallback(params),
    ringTimeoutMs: numberOf(params, 'Timeout', RING_TIMEOUT_SECONDS) * 1_000,
    timeLimitMs: numberOf(params, 'TimeLimit', TIME_LIMIT_SECONDS) * 1_000,
    detection: parseDetectionOrder(params),
  }
}

/** Throws {@link RestProblem}. */
export function parseCallUpdate(params: URLSearchParams): CallUpdate {
  const instructions = parseInstructions(params, 'twiml')
  if (instructions !== undefined) return { instructions }
  const status = params.get('Status')
  if (status === 'completed' || status === 'canceled') return { status }
  throw new RestProblem(21218, 400, `expected Status completed or canceled, Twiml or Url, got Status ${status}`)
}

/** Whether a call belongs into the answer to a list request: by To, From, Status, ParentCallSid and StartTime. */
export function isListed(call: SimulatedCall, query: URLSearchParams, { dateAt }: Exchange): boolean {
  const matches = (name: string, value: string): boolean => (query.get(name) ?? value) === value
  if (!matches('To', call.to) || !matches('From', call.from) || !matches('Status', statusOf(call))) return false
  if (!matches('ParentCallSid', call.parentSid ?? '')) return false
  // A call that was never answered has no start time; Twilio lists it by when it was created.
  const start = dateAt(call.answeredAt ?? call.createdAt)
  const day = query.get('StartTime')
  if (day !== null && toDay(start) !== day.slice(0, 10)) return false
  const after = query.get('StartTime>')
  const before = query.get('StartTime<')
  return (after === null || start >= new Date(after)) && (before === null || start <= new Date(before))
}

export function callResource(call: SimulatedCall, { accountSid, dateAt }: Exchange): Readonly<Record<string, unknown>> {
  const date = (at: number | undefined): string | null => (at === undefined ? null : toRfc2822(dateAt(at)))
  const uri = `/2010-04-01/Accounts/${accountSid}/Calls/${call.sid}`
  const seconds = Math.ceil((call.durationMs ?? 0) / 1_000)
  return {
    sid: call.sid,
    account_sid: accountSid,
    api_version: '2010-04-01',
    to: call.to,
    to_formatted: call.to,
    from: call.from,
    from_formatted: call.from,
    status: statusOf(call),
    direction: call.direction,
    // Not yet written when the call has only just been created.
    date_created: call.status === 'queued' ? null : date(call.createdAt),
    date_updated: call.status === 'queued' ? null : date(call.endedAt ?? call.answeredAt ?? call.createdAt),
    start_time: date(call.answeredAt),
    end_time: date(call.endedAt),
    duration: call.isOver ? String(seconds) : null,
    answered_by: call.answeredBy ?? null,
    caller_name: null,
    forwarded_from: null,
    group_sid: null,
    parent_call_sid: call.parentSid ?? null,
    phone_number_sid: '',
    price: null,
    price_unit: 'USD',
    queue_time: '0',
    trunk_sid: null,
    uri: `${uri}.json`,
    subresource_uris: { streams: `${uri}/Streams.json`, recordings: `${uri}/Recordings.json` },
  }
}

/** The resource has no `initiated`: that is a status callback's word. */
function statusOf(call: SimulatedCall): string {
  return call.status === 'initiated' ? 'queued' : call.status
}

function checkTo(to: string | null): string {
  if (to === null || to === '') throw new RestProblem(21201)
  const magic = MAGIC_TO.get(to)
  if (magic !== undefined) throw new RestProblem(magic)
  if (!E164.test(to)) throw new RestProblem(21211, 400, to)
  return to
}

function checkFrom(from: string | null, ownNumbers: ReadonlySet<string> | undefined): string {
  if (from === null || from === '') throw new RestProblem(21213)
  if (from === MAGIC_FROM_INVALID || !E164.test(from)) throw new RestProblem(21212, 400, from)
  if (from === MAGIC_FROM_VALID || ownNumbers === undefined || ownNumbers.has(from)) return from
  throw new RestProblem(21210, 400, from)
}

/** At creation Twilio ignores `Twiml` beside `Url`; in an update the two exclude each other. */
function parseInstructions(params: URLSearchParams, prefer: 'url' | 'twiml'): Instructions | undefined {
  const url = params.get('Url')
  const twiml = params.get('Twiml')
  if (url !== null && (prefer === 'url' || twiml === null)) {
    return { url, method: params.get('Method') === 'GET' ? 'GET' : 'POST' }
  }
  if (twiml === null) return undefined
  if (url !== null) throw new RestProblem(21218, 400, 'expected Url or Twiml, got both')
  if (twiml.length > LONGEST_TWIML) {
    throw new RestProblem(21218, 400, `expected at most ${LONGEST_TWIML} characters of Twiml, got ${twiml.length}`)
  }
  return { twiml, documentUrl: 'https://api.twilio.com/' }
}

function parseStatusCallback(params: URLSearchParams): CallOrder['statusCallback'] {
  const url = params.get('StatusCallback')
  if (url === null || url === '') return undefined
  const method = params.get('StatusCallbackMethod') === 'GET' ? 'GET' : 'POST'
  return { url, method, events: toCallEvents(params.getAll('StatusCallbackEvent')) }
}

function toDay(date: Date): string {
  return date.toISOString().slice(0, 10)
}
