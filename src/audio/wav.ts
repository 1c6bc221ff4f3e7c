/**
 * WAV files to and from mono 16-bit samples, on the wavefile package.
 *
 * wavefile is CommonJS without named exports that Node can see: a named import type-checks and then fails at run time.
 */
/* oxlint-disable import/default, import/no-named-as-default-member -- the linter reads the package's bundler entry */
import wavefile from 'wavefile'
import { messageOf, UsageError } from '../errors.ts'

export interface WavAudio {
  /** Hz. */
  readonly sampleRate: number
  /** Channels in the file; they were averaged. */
  readonly channels: number
  /** What a sample was in the file: `16-bit integer`, `32-bit float`, `mu-law`... */
  readonly encoding: string
  /** Mono, 16-bit. */
  readonly samples: Int16Array
}

/** The fields of a parsed file, which the package's typings leave as `object`. */
interface ParsedWav {
  readonly fmt: {
    audioFormat: number
    readonly numChannels: number
    readonly sampleRate: number
    readonly bitsPerSample: number
    readonly subformat: readonly number[]
  }
  readonly data: { readonly chunkSize: number; samples: Uint8Array }
}
type Wav = wavefile.WaveFile & ParsedWav

/** The codes of a WAV file's `fmt ` chunk (RFC 2361). */
const PCM = 1
const FLOAT = 3
const A_LAW = 6
const MU_LAW = 7
const EXTENSIBLE = 0xfffe

const EXPECTED = 'expected a WAV file of 8 to 32-bit integers, 32 or 64-bit floats, mu-law or A-law'

/** Programs that write to a pipe do not know the length and put a number near 2 or 4 GiB in its place. */
const UNKNOWN_LENGTH = 0x7fff0000

/**
 * Any sample rate, width and number of channels.
 *
 * @throws {UsageError} `AUDIO_FILE_INVALID`: not a WAV file, a sample format that is not known, or cut short.
 */
export function readWav(bytes: Uint8Array): WavAudio {
  try {
    const wav = parse(bytes)
    const { numChannels: channels, sampleRate } = wav.fmt
    return { sampleRate, channels, encoding: encodingOf(wav), samples: toMono(wav) }
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown
    throw new UsageError('AUDIO_FILE_INVALID', `${EXPECTED}, got ${describeStart(bytes)}: ${messageOf(thrown)}`, {
      cause: thrown,
    })
  }
}

/** 16-bit mono. `sampleRate` in Hz. */
export function writeWav(samples: Int16Array, sampleRate: number): Uint8Array {
  const wav = new wavefile.WaveFile()
  wav.fromScratch(1, sampleRate, '16', samples)
  return wav.toBuffer()
}

function parse(bytes: Uint8Array): Wav {
  const wav = open(essentials(bytes))
  if (wav.fmt.audioFormat !== EXTENSIBLE) return checked(wav)
  // The package takes every extensible file for integers. Its true code is in the sub-format: say it plainly.
  wav.fmt.audioFormat = (wav.fmt.subformat[0] ?? 0) & 0xffff
  return checked(open(wav.toBuffer()))
}

/** Where the chunks of a file begin, after its own name, its length and `WAVE`. */
const FIRST_CHUNK = 12
/** The name of a chunk and its length. */
const CHUNK_HEAD = 8
const ESSENTIAL = new Set(['ds64', 'fmt ', 'data'])

/**
 * The file without what nobody hears. The package would read texts, lists and cue points too, of whatever length they
 * claim to have: half a kilobyte is enough to keep it busy until the memory ends.
 */
function essentials(bytes: Uint8Array): Uint8Array {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isBigEndian = file.toString('latin1', 0, 4) === 'RIFX'
  const parts = [file.subarray(0, FIRST_CHUNK)]
  for (let at = FIRST_CHUNK; at + CHUNK_HEAD <= file.length;) {
    const length = isBigEndian ? file.readUInt32BE(at + 4) : file.readUInt32LE(at + 4)
    const end = at + CHUNK_HEAD + length
    // A byte of padding makes the length even.
    const next = end + (end % 2)
    if (ESSENTIAL.has(file.toString('latin1', at, at + 4))) parts.push(file.subarray(at, next))
    at = next
  }
  return Buffer.concat(parts)
}

function open(bytes: Uint8Array): Wav {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see ParsedWav
  return new wavefile.WaveFile(bytes) as Wav
}

/** Refuses what the package would misread without a word, and drops the padding byte it takes for a sample. */
function checked(wav: Wav): Wav {
  const { fmt, data } = wav
  if (!hasKnownFormat(wav)) throw new UsageError('AUDIO_FILE_INVALID', `${EXPECTED}, got ${encodingOf(wav)}`)
  if (fmt.numChannels < 1 || fmt.sampleRate < 1) {
    const got = `${fmt.numChannels} channels at ${fmt.sampleRate} Hz`
    throw new UsageError('AUDIO_FILE_INVALID', `expected at least one channel and a sample rate, got ${got}`)
  }
  if (data.samples.length < data.chunkSize && data.chunkSize < UNKNOWN_LENGTH) {
    const got = `${data.samples.length} (the file was cut short)`
    throw new UsageError('AUDIO_FILE_INVALID', `expected ${data.chunkSize} bytes of samples, got ${got}`)
  }
  const present = Math.min(data.samples.length, data.chunkSize)
  const frame = (fmt.numChannels * fmt.bitsPerSample) / 8
  data.samples = data.samples.slice(0, present - (present % frame))
  return wav
}

function hasKnownFormat({ fmt }: Wav): boolean {
  switch (fmt.audioFormat) {
    case PCM:
      return [8, 16, 24, 32].includes(fmt.bitsPerSample)
    case FLOAT:
      return [32, 64].includes(fmt.bitsPerSample)
    case A_LAW:
    case MU_LAW:
      return fmt.bitsPerSample === 8
    default:
      return false
  }
}

function encodingOf({ fmt }: Wav): string {
  switch (fmt.audioFormat) {
    case PCM:
      return `${fmt.bitsPerSample}-bit integer`
    case FLOAT:
      return `${fmt.bitsPerSample}-bit float`
    case A_LAW:
      return 'A-law'
    case MU_LAW:
      return 'mu-law'
    default:
      return `format ${fmt.audioFormat} with ${fmt.bitsPerSample} bits a sample`
  }
}

function toMono(wav: Wav): Int16Array {
  const { numChannels: channels } = wav.fmt
  const toFullScale = uncompress(wav)
  const interleaved = wav.getSamples(true)
  const mono = new Int16Array(interleaved.length / channels)
  for (let i = 0; i < mono.length; i++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += toFullScale(interleaved[i * channels + channel] ?? 0)
    mono[i] = Math.min(32767, Math.max(-32768, Math.round(sum / channels)))
  }
  return mono
}

/** Turns a compressed file into 16-bit integers in place, and tells how a sample becomes one on the 16-bit scale. */
function uncompress(wav: Wav): (sample: number) => number {
  const { audioFormat, bitsPerSample } = wav.fmt
  if (audioFormat === FLOAT) return (sample) => sample * 32768
  if (audioFormat === PCM && bitsPerSample === 8) return (sample) => (sample - 128) * 256
  if (audioFormat === PCM) return (sample) => sample / 2 ** (bitsPerSample - 16)
  if (audioFormat === A_LAW) wav.fromALaw()
  if (audioFormat === MU_LAW) wav.fromMuLaw()
  return (sample) => sample
}

function describeStart(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  return `${bytes.length} bytes beginning ${JSON.stringify(start)}`
}
