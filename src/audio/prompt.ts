/** Recorded speech for an agent to play: loaded once, whole, at whatever rate it was made. Never on the live path. */
/* oxlint-disable import/default, import/no-named-as-default-member -- the linter reads the package's bundler entry */
import { readFile } from 'node:fs/promises'
import waveResampler from 'wave-resampler'
import { messageOf, UsageError } from '../errors.ts'
import { MODEL_RATE, TELEPHONE_RATE } from './format.ts'
import { readWav } from './wav.ts'
import { doubleRate, halveRate } from './whole-buffer.ts'

/**
 * Samples to either side of the interpolated one. The package's own window is so narrow that at 22.05 kHz the overtones
 * of an "s" come back as a 1 kHz whistle 25 dB down, and that 3.4 kHz loses 0.4 dB on the way up from 11.025 kHz. With
 * this one the same figures are 95 dB and 0.00 dB.
 */
const SINC_REACH = 24

/** Hz. Nobody records speech outside of these; at the 1 Hz that a header may claim, a second becomes four hours. */
const SLOWEST_RATE = 8_000
const FASTEST_RATE = 192_000

/** Blackman's window over the reach. */
function blackman(distance: number): number {
  const angle = (Math.PI * distance) / SINC_REACH
  return 0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle)
}

/**
 * A WAV file of any usual rate, any width and number of channels as 16 kHz mono.
 *
 * @throws {UsageError} `AUDIO_FILE_INVALID`, with the path: no such file, not a WAV file, nothing in it, or made at a rate
 * outside 8 to 192 kHz.
 */
export function loadPrompt(path: string): Promise<Int16Array> {
  return loadAs(path, toModelRate)
}

/** The same as 8 kHz mono, as a telephone carries it; a file at that rate goes through no filter. */
export function loadTelephoneSpeech(path: string): Promise<Int16Array> {
  return loadAs(path, (samples, rate) => (rate === TELEPHONE_RATE ? samples : halveRate(toModelRate(samples, rate))))
}

async function loadAs(path: string, convert: (samples: Int16Array, rate: number) => Int16Array): Promise<Int16Array> {
  try {
    const { samples, sampleRate } = readWav(await readFile(path))
    if (samples.length === 0) throw new UsageError('AUDIO_FILE_INVALID', 'expected speech, got no samples at all')
    return convert(samples, sampleRate)
  } catch (thrown) {
    throw new UsageError('AUDIO_FILE_INVALID', `${path}: ${messageOf(thrown)}`, { cause: thrown })
  }
}

/**
 * A whole buffer at any sample rate from 8,000 to 192,000 Hz as 16 kHz, without delay; not for the chunks of a stream. At
 * 16 kHz it is the buffer itself.
 *
 * @throws {UsageError} `AUDIO_FORMAT_UNSUPPORTED` at any other rate.
 */
export function toModelRate(samples: Int16Array, rate: number): Int16Array {
  if (!(rate >= SLOWEST_RATE && rate <= FASTEST_RATE)) {
    const expected = `expected a sample rate from ${SLOWEST_RATE} to ${FASTEST_RATE} Hz`
    throw new UsageError('AUDIO_FORMAT_UNSUPPORTED', `${expected}, got ${rate}`)
  }
  if (rate === MODEL_RATE) return samples
  if (rate === TELEPHONE_RATE) return doubleRate(samples)
  return resampled(samples, rate)
}

/** The package filters the caller's array in place and does not clamp: a copy goes in, clamped samples come out. */
function resampled(samples: Int16Array, rate: number): Int16Array {
  const precise = waveResampler.resample(Float64Array.from(samples), rate, MODEL_RATE, {
    method: 'sinc',
    sincFilterSize: SINC_REACH,
    sincWindow: blackman,
  })
  return Int16Array.from(precise, (value) => Math.min(32767, Math.max(-32768, Math.round(value))))
}
