/**
 * TwiML that calls somebody else and joins the two ends. https://www.twilio.com/docs/voice/twiml/dial
 *
 * Checked beforehand, since Twilio would answer a mistake by hanging up on whoever is to be handed over.
 */

import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js'
import { ProtocolError } from '../errors.ts'
import type { TransferTarget } from './transfer-target.ts'
import { expectUrl } from './twiml.ts'

export interface DialWanted {
  readonly target: TransferTarget
  /** Asked, by POST, when the other end is gone or was not reached; its answer is what happens next to the call. */
  readonly actionUrl: string
  /** Told, by POST, how the other end gets on. */
  readonly statusCallbackUrl: string
  /** E.164; without one the other end sees whoever is handed over. */
  readonly callerId?: string | undefined
  /** 5 to 600. */
  readonly ringTimeoutSeconds: number
  /** How long the two may talk; the carrier's own limit is four hours. */
  readonly timeLimitSeconds: number
}

/** Throws ProtocolError TWIML_INVALID for what Twilio would not take. */
export function dialTwiml(wanted: DialWanted): string {
  check(wanted)
  const { target, actionUrl, statusCallbackUrl, callerId, ringTimeoutSeconds, timeLimitSeconds } = wanted
  const response = new VoiceResponse()
  const dial = response.dial({
    action: actionUrl,
    method: 'POST',
    timeout: ringTimeoutSeconds,
    ...(callerId !== undefined && { callerId }),
    answerOnBridge: true,
    timeLimit: timeLimitSeconds,
  })
  const news = {
    statusCallback: statusCallbackUrl,
    statusCallbackEvent: ['initiated' as const, 'ringing' as const, 'answered' as const, 'completed' as const],
    statusCallbackMethod: 'POST',
  }
  if (target.kind === 'number') dial.number(news, target.number)
  else dial.sip(news, target.uri)
  return response.toString()
}

const SHORTEST_RING_SECONDS = 5
const LONGEST_RING_SECONDS = 600
const E164 = /^\+[1-9]\d{1,14}$/
const HTTP_URL = /^https?:\/\/\S+$/

function check({
  target,
  actionUrl,
  statusCallbackUrl,
  callerId,
  ringTimeoutSeconds,
  timeLimitSeconds,
}: DialWanted): void {
  expectUrl('the action URL', actionUrl, HTTP_URL, 'an absolute http(s) URL')
  expectUrl('the status callback URL', statusCallbackUrl, HTTP_URL, 'an absolute http(s) URL')
  // Neither is quoted: they are somebody's own. The types say what they are; a slip here would dial somebody else.
  expect(isDialable(target), 'a phone number or a SIP address to dial', 'something else')
  expect(callerId === undefined || E164.test(callerId), 'a caller id in E.164 form', 'something else')
  const isRing = isWithin(ringTimeoutSeconds, SHORTEST_RING_SECONDS, LONGEST_RING_SECONDS)
  expect(
    isRing,
    `${SHORTEST_RING_SECONDS} to ${LONGEST_RING_SECONDS} whole seconds to ring`,
    String(ringTimeoutSeconds),
  )
  expect(isWithin(timeLimitSeconds, 1, Infinity), 'a time limit of whole seconds', String(timeLimitSeconds))
}

function isDialable(target: TransferTarget): boolean {
  return target.kind === 'number' ? E164.test(target.number) : /^sips?:[\x21-\x7e]+$/i.test(target.uri)
}

function isWithin(seconds: number, least: number, most: number): boolean {
  return Number.isSafeInteger(seconds) && seconds >= least && seconds <= most
}

function expect(isSo: boolean, expected: string, got: string): void {
  if (!isSo) throw new ProtocolError('TWIML_INVALID', `expected ${expected}, got ${got}`)
}
