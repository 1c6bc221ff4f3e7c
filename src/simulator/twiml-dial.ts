/**
 * `<Dial>` with one `<Number>`, one `<Sip>`, or a number as its text. Twilio rings up to ten at once and takes the first
 * to answer; that is not done here.
 *
 * https://www.twilio.com/docs/voice/twiml/dial
 * https://www.twilio.com/docs/voice/twiml/number
 * https://www.twilio.com/docs/voice/twiml/sip
 */

import { type CallEvent, toCallEvents } from './status-callbacks.ts'
import { type Element, type HttpMethod, toMethod } from './twiml-element.ts'

export interface DialVerb {
  readonly verb: 'Dial'
  /** A telephone number, or a SIP address. */
  readonly to: string
  readonly action?: string
  readonly method: HttpMethod
  readonly callerId?: string
  readonly ringTimeoutMs: number
  readonly timeLimitMs: number
  /** An incoming call that is not answered yet goes on ringing until the other one is. */
  readonly answersOnBridge: boolean
  readonly statusCallback?: {
    readonly url: string
    readonly method: HttpMethod
    readonly events: ReadonlySet<CallEvent>
  }
}

const RING_TIMEOUT_SECONDS = { standard: 30, shortest: 5, longest: 600 } as const
const TIME_LIMIT_SECONDS = { standard: 14_400, shortest: 1, longest: 86_400 } as const

/** Undefined when it dials something else, or several at once. */
export function toDial({ attributes, text, children }: Element): DialVerb | undefined {
  const [noun] = children
  const isKnown = noun === undefined ? text !== '' : noun.name === 'Number' || noun.name === 'Sip'
  if (!isKnown || children.length > 1) return undefined
  const { action, callerId, method, timeout, timeLimit, answerOnBridge } = attributes
  return {
    verb: 'Dial',
    to: noun?.text ?? text,
    ...(action === undefined ? {} : { action }),
    method: toMethod(method),
    ...(callerId === undefined ? {} : { callerId }),
    ringTimeoutMs: secondsOf(timeout, RING_TIMEOUT_SECONDS) * 1_000,
    timeLimitMs: secondsOf(timeLimit, TIME_LIMIT_SECONDS) * 1_000,
    answersOnBridge: answerOnBridge === 'true',
    ...(noun === undefined ? {} : statusCallbackOf(noun)),
  }
}

function statusCallbackOf({ attributes }: Element): Pick<DialVerb, 'statusCallback'> {
  const { statusCallback: url, statusCallbackMethod, statusCallbackEvent = '' } = attributes
  if (url === undefined || url === '') return {}
  return {
    statusCallback: { url, method: toMethod(statusCallbackMethod), events: toCallEvents([statusCallbackEvent]) },
  }
}

/** What cannot be used counts as not given. */
function secondsOf(value: string | undefined, limit: { standard: number; shortest: number; longest: number }): number {
  const seconds = value !== undefined && /^\d+$/.test(value) ? Number(value) : limit.standard
  return seconds >= limit.shortest && seconds <= limit.longest ? seconds : limit.standard
}
