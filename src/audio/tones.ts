/** Dual-tone dialling (DTMF): each key is one low and one high tone at once. Frequencies of ITU-T Q.23. */
import { UsageError } from '../errors.ts'

/** Hz; one for each row of {@link KEYPAD}. */
export const LOW_TONES = [697, 770, 852, 941] as const
/** Hz; one for each column of {@link KEYPAD}. */
export const HIGH_TONES = [1209, 1336, 1477, 1633] as const
export const KEYPAD = ['123A', '456B', '789C', '*0#D'] as const

/** Pauses in ms, as in Twilio's `digits` (https://www.twilio.com/docs/voice/twiml/play#attributes-digits). */
const PAUSES: Readonly<Record<string, number>> = { w: 500, W: 1000 }

/** Digits in one go; a hundred pauses are a minute and a half of audio in memory. */
export const MAX_DIGITS = 100

/** -9 and -7 dBm0: the higher tone a little louder, since lines dampen it more. A full-scale sine is +3.17 dBm0. */
const LOW_AMPLITUDE = 8038
const HIGH_AMPLITUDE = 10120
/** Rise and fall, without which every tone begins and ends with a click. */
const EDGE_MS = 5

export interface ToneOptions {
  /** Hz; 16000 unless said. */
  readonly rate?: 8000 | 16000
  /** Length of a tone; 100 unless said. Receivers must take 40 (ITU-T Q.24). */
  readonly toneMs?: number
  /** Silence after each tone; 100 unless said. */
  readonly gapMs?: number
}

/**
 * The tones of `digits`: 0-9, A-D, * and #, with `w` for half a second of silence and `W` for a second.
 *
 * @throws {UsageError} `DIGITS_INVALID` for any other character, for none, and for more than {@link MAX_DIGITS}.
 */
export function dtmfTones(digits: string, { rate = 16000, toneMs = 100, gapMs = 100 }: ToneOptions = {}): Int16Array {
  requireDigits(digits)
  const samplesOf = (ms: number): number => Math.round((ms * rate) / 1000)
  const lengthOf = (key: string): number => samplesOf(PAUSES[key] ?? toneMs + gapMs)
  const keys = digits.split('')
  const samples = new Int16Array(keys.reduce((total, key) => total + lengthOf(key), 0))
  let at = 0
  for (const key of keys) {
    if (PAUSES[key] === undefined) writeTone(samples.subarray(at, at + samplesOf(toneMs)), key, rate)
    at += lengthOf(key)
  }
  return samples
}

function requireDigits(digits: string): void {
  const expected = `expected 1 to ${MAX_DIGITS} of 0-9, A-D, *, #, w and W`
  if (digits.length === 0 || digits.length > MAX_DIGITS) {
    throw new UsageError('DIGITS_INVALID', `${expected}, got ${digits.length} characters`)
  }
  const stranger = /[^0-9A-D*#wW]/u.exec(digits)
  if (stranger !== null) {
    throw new UsageError('DIGITS_INVALID', `${expected}, got ${JSON.stringify(stranger[0])} at ${stranger.index}`)
  }
}

function writeTone(out: Int16Array, key: string, rate: number): void {
  const row = KEYPAD.findIndex((keys) => keys.includes(key))
  const low = (2 * Math.PI * (LOW_TONES[row] ?? 0)) / rate
  const high = (2 * Math.PI * (HIGH_TONES[KEYPAD[row]?.indexOf(key) ?? 0] ?? 0)) / rate
  const edge = (EDGE_MS * rate) / 1000
  for (let i = 0; i < out.length; i++) {
    const fromEnd = Math.min(i, out.length - 1 - i)
    const fade = fromEnd >= edge ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * fromEnd) / edge)
    out[i] = Math.round(fade * (LOW_AMPLITUDE * Math.sin(low * i) + HIGH_AMPLITUDE * Math.sin(high * i)))
  }
}
