/**
 * What audio looks like on a call: the numbers, and the two gates that refuse anything else by name.
 *
 * The telephone side is Twilio's one and only media format, `audio/x-mulaw` at 8000 Hz, one channel
 * (https://www.twilio.com/docs/voice/media-streams/websocket-messages#start-message). The model side is 16-bit PCM.
 */
import { ProtocolError, UsageError } from '../errors.ts'

/** One frame: what the carrier sends at a time. */
export const FRAME_MS = 20
/** Samples a second on the telephone side. */
export const TELEPHONE_RATE = 8000
/** Samples a second that speech models listen to. */
export const MODEL_RATE = 16000
/** One byte a sample at {@link TELEPHONE_RATE}. */
export const MULAW_BYTES_PER_MS = 8
/** At {@link MODEL_RATE}. */
export const PCM_SAMPLES_PER_MS = 16

/** The sample rates in Hz at which an agent may speak. */
export type PcmRate = 8000 | 16000 | 24000

export interface AudioFormat {
  /** A media type, e.g. `audio/x-mulaw`. */
  readonly encoding: string
  /** Hz. */
  readonly sampleRate: number
  readonly channels: number
}

const TELEPHONE_FORMAT: AudioFormat = { encoding: 'audio/x-mulaw', sampleRate: TELEPHONE_RATE, channels: 1 }

/** `audio/x-mulaw 8000 Hz mono`. */
export function describeFormat(format: AudioFormat): string {
  return `${format.encoding} ${format.sampleRate} Hz ${describeChannels(format.channels)}`
}

function describeChannels(channels: number): string {
  if (channels === 1) return 'mono'
  if (channels === 2) return 'stereo'
  return `${channels} channels`
}

/** @throws {ProtocolError} `MEDIA_FORMAT_UNSUPPORTED` unless the format is mu-law, 8000 Hz, mono. */
export function requireTelephoneFormat(format: AudioFormat): void {
  const expected = describeFormat(TELEPHONE_FORMAT)
  const got = describeFormat(format)
  if (got !== expected) throw new ProtocolError('MEDIA_FORMAT_UNSUPPORTED', `expected ${expected}, got ${got}`)
}

/** @throws {UsageError} `AUDIO_FORMAT_UNSUPPORTED` unless the rate is one an agent may speak at. */
export function requirePcmRate(rate: number): PcmRate {
  if (rate === 8000 || rate === 16000 || rate === 24000) return rate
  throw new UsageError('AUDIO_FORMAT_UNSUPPORTED', `expected a sample rate of 8000, 16000 or 24000 Hz, got ${rate}`)
}
