/** The Recordings resource, of a call and of the account: https://www.twilio.com/docs/voice/api/recording */

import type { SimulatedCall } from './call.ts'
import { toRfc2822 } from './call-form.ts'
import { CallRecording, type RecordingEvent, type RecordingOrder } from './call-recording.ts'
import type { Exchange } from './exchange.ts'
import { choiceOf } from './rest-form.ts'
import { toPage } from './rest-pages.ts'
import { notRecordable, RestProblem } from './rest-problem.ts'
import { toMethod } from './twiml-element.ts'

export interface RecordingsRequest {
  readonly isPost: boolean
  readonly path: string
  /** Undefined asks for the account's. */
  readonly call: SimulatedCall | undefined
  /** Undefined asks for the list, or for a new one. */
  readonly sid: string | undefined
  readonly params: URLSearchParams
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** The recording that is going on. */
const CURRENT = 'Twilio.CURRENT'
const EVENTS: readonly RecordingEvent[] = ['in-progress', 'completed', 'absent']

/** Starts, changes, fetches or lists. Throws {@link RestProblem}. */
export function answerForRecordings(
  { isPost, path, call, sid, params }: RecordingsRequest,
  calls: readonly SimulatedCall[],
  exchange: Exchange,
): Answer {
  const owned = (call === undefined ? calls : [call]).flatMap((owner) =>
    owner.recordings.map((recording) => ({ owner, recording })),
  )
  if (sid === undefined) {
    if (isPost) return { status: 201, body: startRecording(call, params, exchange) }
    const items = owned.toReversed().map(({ owner, recording }) => recordingResource(recording, owner, exchange))
    return { status: 200, body: toPage(path, 'recordings', items, params) }
  }
  const isCurrent = call !== undefined && sid === CURRENT
  const found = owned.findLast(({ recording }) => (isCurrent ? !recording.isOver : recording.sid === sid))
  if (found === undefined) throw new RestProblem(20404, 404, `/Recordings/${sid}.json`)
  if (isPost) changeRecording(found.recording, params)
  return { status: 200, body: recordingResource(found.recording, found.owner, exchange) }
}

/** A second one at a time is said to be accepted by Twilio and to come to nothing; here the mistake is answered. */
function startRecording(
  call: SimulatedCall | undefined,
  params: URLSearchParams,
  exchange: Exchange,
): Readonly<Record<string, unknown>> {
  if (call === undefined) throw new RestProblem(20404, 404, '/Recordings.json')
  const order = parseOrder(params)
  if (call.status !== 'in-progress') throw notRecordable(`the call is ${call.status}`)
  if (call.recordings.some((recording) => !recording.isOver)) throw notRecordable('it is being recorded already')
  const recording = new CallRecording(call, order, exchange)
  call.recordings.push(recording)
  return recordingResource(recording, call, exchange)
}

function changeRecording(recording: CallRecording, params: URLSearchParams): void {
  const status = choiceOf(params, 'Status', ['paused', 'in-progress', 'stopped'])
  const behaviour = choiceOf(params, 'PauseBehavior', ['silence', 'skip']) ?? 'silence'
  if (status === undefined) throw new RestProblem(21218, 400, 'expected a Status, got none')
  if (recording.isOver) throw notRecordable('the recording is over')
  if (status === 'paused') recording.pause(behaviour)
  else if (status === 'in-progress') recording.resume()
  else recording.stop()
}

function parseOrder(params: URLSearchParams): RecordingOrder {
  const channels = choiceOf(params, 'RecordingChannels', ['mono', 'dual']) ?? 'mono'
  const track = choiceOf(params, 'RecordingTrack', ['both', 'inbound', 'outbound']) ?? 'both'
  // Accepted, and without effect: there is no audio to trim.
  choiceOf(params, 'Trim', ['do-not-trim', 'trim-silence'])
  const method = toMethod(choiceOf(params, 'RecordingStatusCallbackMethod', ['GET', 'POST']))
  const url = params.get('RecordingStatusCallback') ?? ''
  const asked = params.getAll('RecordingStatusCallbackEvent').flatMap((events) => events.split(' '))
  const events = new Set(asked.length === 0 ? EVENTS.slice(1, 2) : EVENTS.filter((event) => asked.includes(event)))
  return { channels, track, callback: url === '' ? undefined : { url, method, events } }
}

function recordingResource(
  recording: CallRecording,
  call: SimulatedCall,
  { accountSid, dateAt }: Exchange,
): Readonly<Record<string, unknown>> {
  const date = (at: number): string => toRfc2822(dateAt(at))
  return {
    sid: recording.sid,
    account_sid: accountSid,
    api_version: '2010-04-01',
    call_sid: call.sid,
    conference_sid: null,
    status: recording.status,
    source: 'StartCallRecordingAPI',
    track: recording.track,
    channels: recording.channels === 'dual' ? 2 : 1,
    date_created: date(recording.startedAt),
    date_updated: date(recording.endedAt ?? recording.startedAt),
    start_time: date(recording.startedAt),
    duration: recording.isOver ? String(Math.round(recording.durationMs / 1_000)) : null,
    error_code: recording.errorCode === 0 ? null : recording.errorCode,
    encryption_details: null,
    price: null,
    price_unit: 'USD',
    media_url: recording.url,
    uri: `/2010-04-01/Accounts/${accountSid}/Calls/${call.sid}/Recordings/${recording.sid}.json`,
  }
}
