/**
 * Twilio's REST interface as our {@link Carrier}. https://www.twilio.com/docs/voice/api/call-resource
 *
 * Creating a carrier loads the SDK's part for calls (about 60 ms, and the SDK itself about 100 ms on import) on
 * purpose: done at the first call instead, that would be a pause in the audio of whoever is talking already.
 */

import twilio from 'twilio'
import type { CallTraits, Carrier, PlaceCallRequest, PlacedCall, RecordingRequest } from '../carrier.ts'
import { type Clock, systemClock } from '../clock.ts'
import { CarrierError, ConfigurationError } from '../errors.ts'
import { excerpt } from './complaint.ts'
import { isAccountSid, isCallSid, isRecordingSid } from './ids.ts'
import { RequestClient } from './request-client.ts'

export interface TwilioCarrierOptions {
  readonly accountSid: string
  /** Needed unless an API key is given, which is then preferred. */
  readonly authToken?: string | undefined
  readonly apiKey?: string | undefined
  readonly apiSecret?: string | undefined
  /** Another REST base, such as a simulator's; may have a path. */
  readonly apiUrl?: string | undefined
  /** How long one request may take, connecting included; 8 s keeps an API caller's wait under 10 s. */
  readonly requestTimeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** Throws ConfigurationError CONFIG_INVALID for an account, credentials or a URL that cannot work. */
export function createTwilioCarrier(options: TwilioCarrierOptions): Carrier {
  const { requestTimeoutMs = 8000, clock = systemClock } = options
  const secrets = [options.authToken ?? '', options.apiSecret ?? '']
  const http = new RequestClient({ apiUrl: parseApiUrl(options.apiUrl), requestTimeoutMs, clock, secrets })
  const { calls, incomingPhoneNumbers } = createClient(options, http)

  return {
    async placeCall(request, signal) {
      const { sid, status } = await http.send(signal, () => calls.create(toCallOptions(request)))
      expectSid(isCallSid(sid), 'a CallSid', sid)
      return { callSid: sid, status: status ?? 'queued' }
    },

    async findCalls(traits, signal) {
      const { to, from } = traits
      // One page, one request. The list's filter on the start of calls would leave out those that wait to be dialled.
      const page = await http.send(signal, () => calls.page({ to, from, pageSize: MOST_FOUND }))
      return newestSince(page.instances, traits)
    },

    async fetchCall(callSid, signal) {
      requireSid(isCallSid(callSid), 'a CallSid to look up', callSid)
      const { sid, status } = await http.send(signal, () => calls(callSid).fetch())
      expectSid(sid === callSid, callSid, sid)
      return { callSid, status }
    },

    async hangUp(callSid, signal) {
      requireSid(isCallSid(callSid), 'a CallSid to hang up', callSid)
      try {
        // `canceled` would end only calls not yet answered; `completed` ends calls in any state.
        const { sid } = await http.send(signal, () => calls(callSid).update({ status: 'completed' }))
        expectSid(sid === callSid, callSid, sid)
      } catch (error) {
        if (!isAlreadyOver(error)) throw error
      }
    },

    async redirect(callSid, twiml, signal) {
      requireSid(isCallSid(callSid), 'a CallSid to redirect', callSid)
      const { sid } = await http.send(signal, () => calls(callSid).update({ twiml }))
      expectSid(sid === callSid, callSid, sid)
    },

    async startRecording(callSid, request, signal) {
      requireSid(isCallSid(callSid), 'a CallSid to record', callSid)
      const { sid } = await http.send(signal, () => calls(callSid).recordings.create(toRecordingOptions(request)))
      expectSid(isRecordingSid(sid), 'a RecordingSid', sid)
      return sid
    },

    async changeRecording(callSid, recordingSid, status, signal) {
      requireSid(isCallSid(callSid), 'a CallSid', callSid)
      requireSid(isRecordingSid(recordingSid), 'a RecordingSid', recordingSid)
      // Silence keeps the recording as long as the call, so that what is said later is found where it was said.
      const wanted = { status, ...(status === 'paused' && { pauseBehavior: 'silence' }) }
      try {
        const { sid } = await http.send(signal, () => calls(callSid).recordings(recordingSid).update(wanted))
        expectSid(sid === recordingSid, recordingSid, sid)
      } catch (error) {
        if (!isAlreadyOver(error)) throw error
      }
    },

    async pointNumber(phoneNumber, voiceUrl, signal) {
      const numbers = await http.send(signal, () => incomingPhoneNumbers.list({ phoneNumber, limit: 20 }))
      // The filter matches parts of numbers too.
      const found = numbers.find((number) => number.phoneNumber === phoneNumber)
      if (found === undefined) {
        throw new CarrierError(
          'CARRIER_NOT_FOUND',
          `expected a number of this account, got ...${phoneNumber.slice(-2)}`,
        )
      }
      const wanted = { voiceUrl, voiceMethod: 'POST' }
      const updated = await http.send(signal, () => incomingPhoneNumbers(found.sid).update(wanted))
      expectSid(updated.sid === found.sid, found.sid, updated.sid)
      return { phoneNumber: updated.phoneNumber, voiceUrl: updated.voiceUrl }
    },
  }
}

function toCallOptions(request: PlaceCallRequest) {
  return {
    to: request.to,
    from: request.from,
    twiml: request.twiml,
    statusCallback: request.statusCallbackUrl,
    statusCallbackMethod: 'POST',
    statusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
    timeout: request.ringTimeoutSeconds,
    timeLimit: request.timeLimitSeconds,
    ...(request.machineDetection && toDetectionOptions(request.machineDetection)),
  }
}

/** https://www.twilio.com/docs/voice/answering-machine-detection: asynchronous, or the callee would hear dead air. */
function toDetectionOptions({ mode, callbackUrl, timeoutSeconds }: NonNullable<PlaceCallRequest['machineDetection']>) {
  return {
    machineDetection: mode === 'enable' ? 'Enable' : 'DetectMessageEnd',
    // The word, not a boolean: that is how the carrier's form has it.
    asyncAmd: 'true',
    asyncAmdStatusCallback: callbackUrl,
    asyncAmdStatusCallbackMethod: 'POST',
    ...(timeoutSeconds !== undefined && { machineDetectionTimeout: timeoutSeconds }),
  }
}

function toRecordingOptions({ statusCallbackUrl, channels }: RecordingRequest) {
  return {
    recordingStatusCallback: statusCallbackUrl,
    recordingStatusCallbackMethod: 'POST',
    recordingStatusCallbackEvent: ['in-progress', 'completed', 'absent'],
    recordingChannels: channels,
  }
}

/** The most calls that one look-up yields. */
const MOST_FOUND = 20

/** The carrier's clock may be behind ours, and its dates have no fractions of a second. */
const CLOCK_SLACK_MS = 2_000

interface ListedCall {
  readonly sid: string
  readonly status: string
  /** Null for a call that is still queued, which is hence new; the carrier's own text where it is no date. */
  readonly dateCreated: unknown
}

function newestSince(listed: readonly ListedCall[], { since }: CallTraits): PlacedCall[] {
  const createdAt = ({ dateCreated }: ListedCall) => (dateCreated instanceof Date ? dateCreated.getTime() : Infinity)
  return listed
    .filter((call) => createdAt(call) >= since - CLOCK_SLACK_MS)
    .toSorted((one, other) => (createdAt(one) === createdAt(other) ? 0 : createdAt(other) - createdAt(one)))
    .slice(0, MOST_FOUND)
    .map(({ sid, status }) => {
      expectSid(isCallSid(sid), 'a CallSid', sid)
      return { callSid: sid, status }
    })
}

/**
 * 21220: the call is not in progress, nor is its recording. 20404: there is no such thing. Both leave nothing to end.
 */
function isAlreadyOver(error: unknown): boolean {
  return error instanceof CarrierError && (error.carrierCode === 21220 || error.carrierCode === 20404)
}

/** Before anything is sent: what is no sid would make another path of the URL. */
function requireSid(isOne: boolean, what: string, sid: unknown): void {
  if (isOne) return
  throw new CarrierError('CARRIER_REFUSED', `expected ${what}, got ${excerpt(sid)}`)
}

function expectSid(isExpected: boolean, expected: string, sid: unknown): void {
  if (isExpected) return
  throw new CarrierError('CARRIER_GIBBERISH', `expected ${expected} in the carrier's answer, got ${excerpt(sid)}`)
}

function createClient(options: TwilioCarrierOptions, httpClient: RequestClient): twilio.Twilio {
  const { accountSid, authToken, apiKey, apiSecret } = options
  if (!isAccountSid(accountSid)) {
    // Not quoted: it may be the auth token, in the wrong variable.
    throw invalid(
      `expected an account sid (AC and 32 hexadecimal digits), got ${accountSid.length} characters unlike it`,
    )
  }
  if (apiKey && apiSecret) return twilio(apiKey, apiSecret, { accountSid, httpClient })
  if (apiKey || apiSecret) throw invalid('expected an API key and its secret, got only one of them')
  if (!authToken) throw invalid('expected an auth token, or an API key and its secret, got neither')
  return twilio(accountSid, authToken, { httpClient })
}

function parseApiUrl(text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '') return url
  throw invalid(`expected an http(s) URL without a query as the REST base, got ${excerpt(text)}`)
}

function invalid(message: string): ConfigurationError {
  return new ConfigurationError('CONFIG_INVALID', message)
}
