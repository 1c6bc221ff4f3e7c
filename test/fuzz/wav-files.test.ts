import { describe } from 'vitest'
import wavefile from 'wavefile' // oxlint-disable-line import/default -- the linter reads the bundler entry
import { readWav, type WavAudio } from '../../src/audio/wav.ts'
import { UsageError } from '../../src/errors.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedBytes } from './mutated-bytes.ts'
import { must, type Verdict, verdictOf } from './verdict.ts'

const FILE = { of: UsageError, codes: ['AUDIO_FILE_INVALID'] } as const

const TONE = Array.from({ length: 24 }, (_, at) => Math.round(9_000 * Math.sin(at)))

function file(bitDepth: string, channels = 1, container: 'RIFF' | 'RIFX' = 'RIFF'): wavefile.WaveFile {
  const wav = new wavefile.WaveFile() // oxlint-disable-line import/no-named-as-default-member
  const scale = bitDepth === '8' ? 1 / 300 : bitDepth === '32f' || bitDepth === '64' ? 1 / 32_768 : 1
  const samples = TONE.map((sample) => (bitDepth === '8' ? 128 : 0) + scale * sample)
  wav.fromScratch(
    channels,
    8_000,
    bitDepth,
    channels === 1 ? samples : Array.from({ length: channels }, () => samples),
    {
      container,
    },
  )
  return wav
}

function compressed(law: 'toMuLaw' | 'toALaw'): Uint8Array {
  const wav = file('16')
  wav[law]()
  return wav.toBuffer()
}

const FILES = [
  ...['8', '16', '24', '32', '32f', '64'].map((bitDepth) => file(bitDepth).toBuffer()),
  file('16', 2).toBuffer(),
  file('24', 6).toBuffer(),
  file('16', 1, 'RIFX').toBuffer(),
  compressed('toMuLaw'),
  compressed('toALaw'),
]

/** A chunk with a length that is its own, nothing, or far too much, and zeros or ones in it. */
const CHUNKS = ['cue ', 'smpl', 'LIST', 'fact', 'bext', 'ds64', 'junk', 'iXML', 'fmt ', 'data', 'RIFF', '\0\0\0\0']
const PIECES = CHUNKS.flatMap((name) =>
  [0, 4, 40, 0x7fffffff, 0xffffffff].flatMap((length) =>
    [0, 0xff].map((fill) => {
      const head = Buffer.from(`${name}    `, 'latin1')
      head.writeUInt32LE(length, 4)
      return Buffer.concat([head, Buffer.alloc(40, fill)])
    }),
  ),
)

function attempt(bytes: Uint8Array): Verdict<WavAudio> {
  const verdict = verdictOf(() => readWav(bytes), FILE)
  if (verdict.is === 'refused') return verdict
  const { samples, channels, sampleRate } = verdict.value
  must(channels >= 1 && sampleRate >= 1, `expected a format, got ${channels} channels at ${sampleRate} Hz`)
  must(samples.length <= bytes.length, `expected at most a sample a byte, got ${samples.length} of ${bytes.length}`)
  return verdict
}

describe('a WAV file', () => {
  barrage('is audio or an AUDIO_FILE_INVALID', {
    cases: mutatedBytes(FILES, PIECES),
    outcome: (bytes) => attempt(bytes).is,
    outcomes: ['read', 'refused'],
  })

  const chunks = (name: string, length: number) => (size: number) => {
    const piece = Buffer.concat([Buffer.from(`${name}    `, 'latin1'), Buffer.alloc(length)])
    piece.writeUInt32LE(length, 4)
    const plain = file('16').toBuffer()
    const more = Buffer.concat(Array.from({ length: Math.ceil(size / piece.length) }, () => piece))
    return Buffer.concat([plain.subarray(0, 12), more, plain.subarray(12)])
  }

  growsLinearly(
    'takes time in proportion to its length',
    attempt,
    {
      samples: (size) => {
        const wav = new wavefile.WaveFile() // oxlint-disable-line import/no-named-as-default-member
        wav.fromScratch(1, 8_000, '16', new Int16Array(size / 2))
        return wav.toBuffer()
      },
      'samples of mu-law': (size) => {
        const bytes = Buffer.concat([compressed('toMuLaw'), Buffer.alloc(size)])
        bytes.writeUInt32LE(size, bytes.indexOf('data') + 4)
        return bytes
      },
      'chunks nobody knows': chunks('junk', 8),
      'chunks without anything in them': chunks('none', 0),
      'lists without anything in them': chunks('LIST', 4),
      'cues without anything in them': chunks('cue ', 4),
      zeros: (size) => Buffer.concat([file('16').toBuffer().subarray(0, 12), Buffer.alloc(size)]),
    },
    8_000,
  )
})
