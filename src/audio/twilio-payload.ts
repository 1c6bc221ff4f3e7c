/** Whole recordings between Twilio's base64 mu-law and 16 kHz PCM. For the frames of a stream see telephone-codec.ts. */
import { UsageError } from '../errors.ts'
import { decodeMulaw, encodeMulaw } from './g711.ts'
import { doubleRate, halveRate } from './whole-buffer.ts'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * Base64 of mu-law 8 kHz mono to 16-bit PCM at 16 kHz, two samples a byte, without delay.
 *
 * Stateless: right for a whole recording. Frame by frame it would be heard as a click at every seam; use
 * `TelephoneDecoder` for a stream.
 *
 * @throws {UsageError} `AUDIO_SOURCE_INVALID` when the text is not base64.
 */
export function twilioToPcm16k(base64: string): Int16Array {
  requireBase64(base64)
  const bytes = Buffer.from(base64, 'base64')
  const narrow = new Int16Array(bytes.length)
  decodeMulaw(bytes, narrow)
  return doubleRate(narrow)
}

/**
 * 16-bit PCM at 16 kHz to base64 of mu-law 8 kHz mono, a byte for two samples (rounded up), without delay.
 *
 * Stateless, like {@link twilioToPcm16k}; use `TelephoneEncoder` for a stream.
 *
 * @throws {UsageError} `AUDIO_SOURCE_INVALID` when it is not an Int16Array.
 */
export function pcm16kToTwilio(pcm: Int16Array): string {
  if (!(pcm instanceof Int16Array)) {
    throw new UsageError('AUDIO_SOURCE_INVALID', `expected an Int16Array of 16 kHz samples, got ${kindOf(pcm)}`)
  }
  const narrow = halveRate(pcm)
  const bytes = Buffer.allocUnsafe(narrow.length)
  encodeMulaw(narrow, bytes)
  return bytes.toString('base64')
}

function requireBase64(text: unknown): void {
  if (typeof text !== 'string') {
    throw new UsageError('AUDIO_SOURCE_INVALID', `expected a base64 string of mu-law bytes, got ${kindOf(text)}`)
  }
  if (text.length % 4 === 0 && BASE64.test(text)) return
  const start = JSON.stringify(text.slice(0, 20))
  throw new UsageError(
    'AUDIO_SOURCE_INVALID',
    `expected base64 of mu-law bytes, got ${text.length} characters ${start}`,
  )
}

function kindOf(value: unknown): string {
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object'
  return String(value)
}
