/**
 * What Twilio says on the media socket, typed and flat: numbers are numbers, ids are branded, and one level of nesting
 * is gone. Unknown fields are ignored and unknown events are named, since the protocol may grow.
 * https://www.twilio.com/docs/voice/media-streams/websocket-messages
 */

import { z } from 'zod'
import { messageOf, ProtocolError } from '../errors.ts'
import { complaint } from './complaint.ts'
import { type AccountSid, type CallSid, isAccountSid, isCallSid, isStreamSid, type StreamSid } from './ids.ts'
import { type MediaMessage, scanMedia } from './media-scan.ts'

export type { MediaMessage }

/** The first message of every socket; it names no stream and has no sequence number. */
export interface ConnectedMessage {
  readonly event: 'connected'
  readonly protocol: string
  readonly version: string
}

export interface StartMessage {
  readonly event: 'start'
  readonly streamSid: StreamSid
  readonly sequenceNumber: number
  readonly accountSid: AccountSid
  readonly callSid: CallSid
  readonly tracks: readonly string[]
  /** To be checked by whoever decodes: documented as always audio/x-mulaw, 8000 Hz, 1 channel. */
  readonly mediaFormat: { readonly encoding: string; readonly sampleRate: number; readonly channels: number }
  /** The `<Parameter>`s of the TwiML. */
  readonly customParameters: Readonly<Record<string, string>>
}

export interface DtmfMessage {
  readonly event: 'dtmf'
  readonly streamSid: StreamSid
  readonly sequenceNumber: number
  /** One of `0-9 * # A-D`. */
  readonly digit: string
}

/** The echo of a mark of ours: what came before it was played, or was cleared. */
export interface MarkMessage {
  readonly event: 'mark'
  readonly streamSid: StreamSid
  readonly sequenceNumber: number
  readonly name: string
}

export interface StopMessage {
  readonly event: 'stop'
  readonly streamSid: StreamSid
  readonly sequenceNumber: number
  readonly accountSid: AccountSid
  readonly callSid: CallSid
}

/** A well-formed message of a kind we do not know; `name` is cut at 80 characters. */
export interface UnknownMessage {
  readonly event: 'unknown'
  readonly name: string
}

export type StreamMessage =
  | ConnectedMessage
  | StartMessage
  | MediaMessage
  | DtmfMessage
  | MarkMessage
  | StopMessage
  | UnknownMessage

// A schema's message is the expectation as a noun; `complaint` makes the sentence.
const object = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape, 'an object')
const text = z.string('a string')
const positive = z.int('a whole number').positive('a positive number')
/** Twilio writes counters as strings. Fifteen digits are exact in a double. */
const digits = z
  .string('a string of digits')
  .regex(/^\d{1,15}$/, 'a string of at most 15 digits')
  .transform(Number)
const streamSid = z.custom<StreamSid>(isStreamSid, 'MZ and 32 hexadecimal digits')
const callSid = z.custom<CallSid>(isCallSid, 'CA and 32 hexadecimal digits')
const accountSid = z.custom<AccountSid>(isAccountSid, 'AC and 32 hexadecimal digits')
const common = { streamSid, sequenceNumber: digits }

const connected = object({ protocol: text, version: text }).transform((message): ConnectedMessage => ({
  event: 'connected',
  ...message,
}))

const start = object({
  ...common,
  start: object({
    accountSid,
    callSid,
    tracks: z.array(text, 'an array'),
    mediaFormat: object({ encoding: text, sampleRate: positive, channels: positive }),
    customParameters: z.record(z.string(), text, 'an object').default({}),
  }),
}).transform(({ start: inner, ...message }): StartMessage => ({ event: 'start', ...message, ...inner }))

const media = object({
  ...common,
  media: object({
    track: z.enum(['inbound', 'outbound'], 'inbound or outbound'),
    chunk: digits,
    timestamp: digits,
    payload: text.regex(/^[A-Za-z0-9+/]*={0,2}$/, 'base64'),
  }),
}).transform(({ media: { timestamp, ...inner }, ...message }): MediaMessage => {
  return { event: 'media', ...message, ...inner, timestampMs: timestamp }
})

const dtmf = object({
  ...common,
  dtmf: object({ digit: text.regex(/^[0-9*#A-D]$/, 'one of 0-9 * # A-D') }),
}).transform(({ dtmf: inner, ...message }): DtmfMessage => ({ event: 'dtmf', ...message, ...inner }))

const mark = object({ ...common, mark: object({ name: text }) }).transform(
  ({ mark: inner, ...message }): MarkMessage => ({ event: 'mark', ...message, ...inner }),
)

const stop = object({ ...common, stop: object({ accountSid, callSid }) }).transform(
  ({ stop: inner, ...message }): StopMessage => ({ event: 'stop', ...message, ...inner }),
)

const envelope = object({ event: text })

/** Reads one text frame. Throws ProtocolError MESSAGE_INVALID with what was expected and, briefly, what came. */
export function parseStreamMessage(frame: string): StreamMessage {
  return scanMedia(frame) ?? parseBySchema(frame)
}

/** The slow path, and the meaning of the fast one. Same contract as {@link parseStreamMessage}. */
export function parseBySchema(frame: string): StreamMessage {
  const json = parseJson(frame)
  const { event } = parse(envelope, json)
  switch (event) {
    case 'connected':
      return parse(connected, json)
    case 'start':
      return parse(start, json)
    case 'media':
      return parse(media, json)
    case 'dtmf':
      return parse(dtmf, json)
    case 'mark':
      return parse(mark, json)
    case 'stop':
      return parse(stop, json)
    default:
      return { event: 'unknown', name: event.slice(0, 80) }
  }
}

function parseJson(frame: string): unknown {
  try {
    return JSON.parse(frame)
  } catch (error) {
    // Neither the frame nor the SyntaxError is quoted: in either there may be a token, a digit or what was said.
    const got = `${frame.length} characters that are no JSON${whereBroken(error)}`
    throw new ProtocolError('MESSAGE_INVALID', `expected a JSON object, got ${got}`)
  }
}

/** The place, where the engine tells it by itself and not as a part of what it quotes. */
function whereBroken(error: unknown): string {
  const [, at] = /^[^"]* at position (\d+)/.exec(messageOf(error)) ?? []
  return at === undefined ? '' : ` at position ${at}`
}

function parse<T>(schema: z.ZodType<T>, json: unknown): T {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  throw new ProtocolError('MESSAGE_INVALID', complaint(result.error, json))
}
