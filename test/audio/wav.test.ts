import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import wavefile from 'wavefile' // oxlint-disable-line import/default -- the linter reads the bundler entry
import { readWav, writeWav } from '../../src/audio/wav.ts'
import { UsageError } from '../../src/errors.ts'
import { noise, sine, snrDb, speech } from './signals.ts'

const tone = sine(440, 8000, 800, 20_000)

/** A file made by the package itself; samples in the file's own numbers. */
function wavOf(
  bitDepth: string,
  samples: ArrayLike<number> | ArrayLike<number>[],
  channels = 1,
  options = {},
): Uint8Array {
  const wav = new wavefile.WaveFile() // oxlint-disable-line import/no-named-as-default-member
  wav.fromScratch(channels, 8000, bitDepth, samples, options)
  return wav.toBuffer()
}

const scaled = (factor: number, offset = 0): Float64Array =>
  Float64Array.from(tone, (sample) => factor * sample + offset)

function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice()
  copy.set(values, at)
  return copy
}

function refused(bytes: Uint8Array): UsageError {
  try {
    readWav(bytes)
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown
    throw thrown
  }
  throw new Error('the file was accepted')
}

function outcome(bytes: Uint8Array): unknown {
  try {
    readWav(bytes)
    return 'accepted'
  } catch (thrown) {
    return thrown instanceof UsageError ? thrown.code : thrown
  }
}

describe('a WAV file', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.int16Array({ maxLength: 99 }), fc.integer({ min: 1, max: 192_000 }), (samples, sampleRate) => {
        const read = readWav(writeWav(samples, sampleRate))
        expect(read).toEqual({ sampleRate, channels: 1, encoding: '16-bit integer', samples })
      }),
    )
  })

  it.each([
    ['8', 'exactly', scaled(1 / 256, 128).map(Math.round), '8-bit integer', 40],
    ['16', '', tone, '16-bit integer', Infinity],
    ['24', '', scaled(256), '24-bit integer', Infinity],
    ['32', '', scaled(65_536), '32-bit integer', Infinity],
    ['32f', '', scaled(1 / 32_768), '32-bit float', Infinity],
    ['64', '', scaled(1 / 32_768), '64-bit float', Infinity],
  ])('of %s bits is read at full precision', (bitDepth, _exactly, samples, encoding, atLeastDb) => {
    const read = readWav(wavOf(bitDepth, samples))
    expect(read.encoding).toBe(encoding)
    expect(read.samples).toHaveLength(tone.length)
    expect(snrDb(tone, read.samples)).toBeGreaterThanOrEqual(atLeastDb)
  })

  it.each([
    ['mu-law', (wav: wavefile.WaveFile) => wav.toMuLaw()],
    ['A-law', (wav: wavefile.WaveFile) => wav.toALaw()],
  ])('of %s is decoded', (encoding, compress) => {
    const wav = new wavefile.WaveFile(wavOf('16', speech('callee'))) // oxlint-disable-line import/no-named-as-default-member
    compress(wav)
    const read = readWav(wav.toBuffer())
    expect(read.encoding).toBe(encoding)
    expect(snrDb(speech('callee'), read.samples)).toBeGreaterThan(30)
  })

  it('of two channels is averaged, without one clipping the other', () => {
    const [left, right] = [Int16Array.of(32767, 100, -32768), Int16Array.of(32767, -300, -32768)]
    const read = readWav(wavOf('16', [left, right], 2))
    expect(read).toMatchObject({ channels: 2, samples: Int16Array.of(32767, -100, -32768) })
  })

  it('of six channels, in the extensible format, is averaged', () => {
    const channels = Array.from({ length: 6 }, (_, i) => Int16Array.of(60 * i, -60 * i))
    expect(readWav(wavOf('16', channels, 6))).toMatchObject({ channels: 6, samples: Int16Array.of(150, -150) })
  })

  it('of floats in the extensible format is not taken for integers', () => {
    const bytes = wavOf('32', new Int32Array(new Float32Array(scaled(1 / 32_768)).buffer), 1)
    const plain = new DataView(bytes.buffer, bytes.byteOffset)
    // "fmt " grows from 16 to 40 bytes: 22 more of extension, the first four of the sub-format say float.
    const extension = [22, 0, 32, 0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113]
    const header = patched(bytes.slice(0, 36), 16, 40)
    header.set([0xfe, 0xff], 20)
    const file = Uint8Array.from([...header, ...extension, ...bytes.slice(36)])
    expect(plain.getUint16(34, true)).toBe(32)
    const read = readWav(file)
    expect(read.encoding).toBe('32-bit float')
    expect(read.samples).toEqual(tone)
  })

  it('of floats beyond full scale is clamped', () => {
    expect(readWav(wavOf('32f', [1.5, -1.5, 1, -1])).samples).toEqual(Int16Array.of(32767, -32768, 32767, -32768))
  })

  it('in big-endian order is read too', () => {
    expect(readWav(wavOf('16', tone, 1, { container: 'RIFX' })).samples).toEqual(tone)
  })

  it('of an odd number of bytes does not gain a sample from its padding', () => {
    const odd = wavOf('8', [100, 150, 200])
    expect(readWav(Uint8Array.from([...odd, 0])).samples).toEqual(Int16Array.of(-7168, 5632, 18_432))
    expect(readWav(odd).samples).toHaveLength(3)
  })

  it('from a pipe, whose length was not known, is read to its end', () => {
    const bytes = writeWav(tone, 8000)
    expect(readWav(patched(bytes, 40, 0xff, 0xff, 0xff, 0xff)).samples).toEqual(tone)
    expect(readWav(patched(bytes, 40, 0x24, 0xf0, 0xff, 0x7f)).samples).toEqual(tone)
  })
})

describe('what else is in a WAV file', () => {
  const chunk = (name: string, length: number) => {
    const bytes = Buffer.alloc(48, name)
    bytes.writeUInt32LE(length, 4)
    return bytes
  }
  const [head, rest] = [writeWav(tone, 8000).subarray(0, 12), writeWav(tone, 8000).subarray(12)]

  it.each(['iXML', 'bext', 'cue ', 'smpl', 'LIST', '_PMX'])('is passed over before the samples: %s', (name) => {
    expect(readWav(Buffer.concat([head, chunk(name, 40), rest])).samples).toEqual(tone)
  })

  it.each(['iXML', 'bext', 'cue ', 'smpl', 'LIST', '_PMX'])('is not followed to an end that is nowhere: %s', (name) => {
    expect(readWav(Buffer.concat([head, rest, chunk(name, 0xffffffff)])).samples).toEqual(tone)
  })
})

describe('a bad WAV file', () => {
  it.each([
    ['nothing', new Uint8Array(0), /^expected a WAV file of .*, got 0 bytes beginning ""/],
    ['another kind of file', Buffer.from('ID3\u0004 an mp3 file, surely'), /got \d+ bytes beginning "ID3/],
    ['a file without samples', writeWav(tone, 8000).subarray(0, 36), /Could not find the "data" chunk/],
  ])('that is %s is refused', (_name, bytes, message) => {
    expect(refused(bytes)).toMatchObject({ code: 'AUDIO_FILE_INVALID', message: expect.stringMatching(message) })
  })

  it('that was cut short is refused, with both lengths', () => {
    expect(refused(writeWav(tone, 8000).subarray(0, 844)).message).toBe(
      'expected 1600 bytes of samples, got 800 (the file was cut short)',
    )
  })

  it.each([
    ['an unknown format', 20, [0x55, 0], /got format 85 with 16 bits a sample/],
    ['an unknown width', 34, [12, 0], /got 12-bit integer/],
    ['no channels', 22, [0, 0], /got 0 channels at 8000 Hz/],
    ['no sample rate', 24, [0, 0, 0, 0], /got 1 channels at 0 Hz/],
  ])('of %s is refused by name', (_name, at, values, message) => {
    expect(refused(patched(writeWav(tone, 8000), at, ...values))).toMatchObject({
      code: 'AUDIO_FILE_INVALID',
      message: expect.stringMatching(message),
    })
  })

  it('never gets out with an error of another kind, whatever its bytes', () => {
    const file = wavOf('16', noise(40))
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(damage, fc.nat(file.length), (changes, length) => {
        let bytes = file
        for (const [at, value] of changes) bytes = patched(bytes, at, value)
        expect(['accepted', 'AUDIO_FILE_INVALID']).toContain(outcome(bytes.subarray(0, length)))
      }),
      { numRuns: 500 },
    )
  })
})
