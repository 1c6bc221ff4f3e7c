/**
 * The messages of a media stream as Twilio writes them, and as strictly as Twilio reads a server's.
 * https://www.twilio.com/docs/voice/media-streams/websocket-messages
 */

export interface StreamFacts {
  readonly accountSid: string
  readonly callSid: string
  readonly streamSid: string
  readonly customParameters: Readonly<Record<string, string>>
}

/** A message before it becomes JSON. */
export type WireMessage = Readonly<Record<string, unknown>>

/** Builds the carrier's messages and owns their counters, which Twilio writes as strings. */
export class StreamWriter {
  readonly #facts: StreamFacts
  #sequence = 0
  #chunk = 0

  constructor(facts: StreamFacts) {
    this.#facts = facts
  }

  /** The only message without a stream and a sequence number. */
  connected(): WireMessage {
    return { event: 'connected', protocol: 'Call', version: '1.0.0' }
  }

  start(): WireMessage {
    const { accountSid, callSid, streamSid, customParameters } = this.#facts
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
    const start = { accountSid, streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters }
    return { event: 'start', sequenceNumber: this.#next(), start, streamSid }
  }

  media(timestamp: number, payload: string): WireMessage {
    const sequenceNumber = this.#next()
    this.#chunk += 1
    const media = { track: 'inbound', chunk: String(this.#chunk), timestamp: String(timestamp), payload }
    return { event: 'media', sequenceNumber, media, streamSid: this.#facts.streamSid }
  }

  dtmf(digit: string): WireMessage {
    const { streamSid } = this.#facts
    return { event: 'dtmf', streamSid, sequenceNumber: this.#next(), dtmf: { track: 'inbound_track', digit } }
  }

  mark(name: string): WireMessage {
    return { event: 'mark', sequenceNumber: this.#next(), streamSid: this.#facts.streamSid, mark: { name } }
  }

  stop(): WireMessage {
    const { accountSid, callSid, streamSid } = this.#facts
    return { event: 'stop', sequenceNumber: this.#next(), stop: { accountSid, callSid }, streamSid }
  }

  #next(): string {
    this.#sequence += 1
    return String(this.#sequence)
  }
}

export type ServerMessage =
  | { readonly event: 'media'; readonly audio: Uint8Array }
  | { readonly event: 'mark'; readonly name: string }
  | { readonly event: 'clear' }
  /** What Twilio would warn of as 31951, in words. */
  | { readonly event: 'invalid'; readonly complaint: string }

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  media: ['event', 'media', 'streamSid'],
  mark: ['event', 'mark', 'streamSid'],
  clear: ['event', 'streamSid'],
}

/** Judges one text frame of a server, parsed as JSON or undefined when it is none. Extra fields are a fault, too. */
export function readServerMessage(json: unknown, streamSid: string): ServerMessage {
  if (!isWireMessage(json)) return invalid('expected a JSON object')
  const { event } = json
  const shape = typeof event === 'string' && Object.hasOwn(SHAPES, event) ? SHAPES[event] : undefined
  if (shape === undefined) return invalid(`expected the event media, mark or clear, got ${JSON.stringify(event)}`)
  const complaint = keysComplaint(json, shape, `a ${String(event)} message`)
  if (complaint !== undefined) return invalid(complaint)
  if (json['streamSid'] !== streamSid) {
    return invalid(`expected the streamSid ${streamSid}, got ${JSON.stringify(json['streamSid'])}`)
  }
  if (event === 'media') return readMedia(json['media'])
  return event === 'mark' ? readMark(json['mark']) : { event: 'clear' }
}

function readMedia(media: unknown): ServerMessage {
  if (!isWireMessage(media)) return invalid('expected media to be an object')
  const complaint = keysComplaint(media, ['payload'], 'media')
  if (complaint !== undefined) return invalid(complaint)
  const { payload } = media
  if (typeof payload !== 'string') return invalid('expected media.payload to be a string')
  if (!BASE64.test(payload)) return invalid('expected media.payload to be base64')
  return { event: 'media', audio: Buffer.from(payload, 'base64') }
}

function readMark(mark: unknown): ServerMessage {
  if (!isWireMessage(mark)) return invalid('expected mark to be an object')
  const complaint = keysComplaint(mark, ['name'], 'mark')
  if (complaint !== undefined) return invalid(complaint)
  const { name } = mark
  return typeof name === 'string' ? { event: 'mark', name } : invalid('expected mark.name to be a string')
}

function keysComplaint(object: WireMessage, expected: readonly string[], where: string): string | undefined {
  const keys = Object.keys(object)
  const extra = keys.find((key) => !expected.includes(key))
  if (extra !== undefined) return `expected ${where} to have only ${expected.join(', ')}, got also ${extra}`
  const missing = expected.find((key) => !keys.includes(key))
  return missing === undefined ? undefined : `expected ${where} to have ${missing}`
}

export function isWireMessage(value: unknown): value is WireMessage {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(complaint: string): ServerMessage {
  return { event: 'invalid', complaint }
}
