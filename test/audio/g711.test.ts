import alawmulaw from 'alawmulaw' // oxlint-disable-line import/default -- the linter reads the bundler entry
import { describe, expect, it } from 'vitest'
import { decodeMulaw, encodeMulaw, MULAW_SILENCE } from '../../src/audio/g711.ts'
import { UsageError } from '../../src/errors.ts'

const EVERY_CODE = Uint8Array.from({ length: 256 }, (_, code) => code)
const EVERY_SAMPLE = Int16Array.from({ length: 65536 }, (_, bits) => (bits << 16) >> 16)

function decoded(bytes: Uint8Array): Int16Array {
  const out = new Int16Array(bytes.length)
  expect(decodeMulaw(bytes, out)).toBe(bytes.length)
  return out
}

function encoded(pcm: Int16Array): Uint8Array {
  const out = new Uint8Array(pcm.length)
  expect(encodeMulaw(pcm, out)).toBe(pcm.length)
  return out
}

/** ITU-T G.711, table 2: segments of 16 steps, each segment with steps twice as large as the one before. */
function decodedByTheStandard(code: number): number {
  const inverted = ~code & 0xff
  const segment = (inverted >> 4) & 7
  const magnitude = (2 * (inverted & 15) + 33) * 2 ** segment - 33
  return inverted & 0x80 ? -4 * magnitude : 4 * magnitude
}

describe('mu-law', () => {
  it('decodes all 256 codes to the values of G.711', () => {
    const standard = Int16Array.from(EVERY_CODE, decodedByTheStandard)
    expect(decoded(EVERY_CODE)).toEqual(standard)
    expect([standard[0x00], standard[0x80], standard[0xff], standard[0xfe]]).toEqual([-32124, 32124, 0, 8])
  })

  it('encodes all 65,536 samples as alawmulaw does', () => {
    // oxlint-disable-next-line import/no-named-as-default-member -- the linter reads the bundler entry
    const expected = Uint8Array.from(EVERY_SAMPLE, (sample) => alawmulaw.mulaw.encodeSample(sample) & 0xff)
    expect(Buffer.compare(encoded(EVERY_SAMPLE), expected)).toBe(0)
  })

  it('gives each code back but for negative zero', () => {
    const expected = EVERY_CODE.slice()
    expected[0x7f] = 0xff
    expect(encoded(decoded(EVERY_CODE))).toEqual(expected)
  })

  it('never moves a sample by more than half a step of its segment', () => {
    const back = decoded(encoded(EVERY_SAMPLE))
    for (const [i, sample] of EVERY_SAMPLE.entries()) {
      const clipped = Math.max(-32635, Math.min(32635, sample))
      const halfStep = 4 * 2 ** Math.floor(Math.log2((Math.abs(clipped) + 132) / 128))
      expect(Math.abs((back[i] ?? 0) - clipped)).toBeLessThanOrEqual(halfStep)
    }
  })

  it('has a byte for silence', () => {
    expect(decoded(Uint8Array.of(MULAW_SILENCE))).toEqual(Int16Array.of(0))
    expect(encoded(Int16Array.of(0))).toEqual(Uint8Array.of(MULAW_SILENCE))
  })

  it('refuses an output buffer that would swallow samples', () => {
    const short = expect.objectContaining({ code: 'AUDIO_SOURCE_INVALID', message: expect.stringMatching(/160.*159/) })
    expect(() => decodeMulaw(new Uint8Array(160), new Int16Array(159))).toThrow(UsageError)
    expect(() => decodeMulaw(new Uint8Array(160), new Int16Array(159))).toThrow(short)
    expect(() => encodeMulaw(new Int16Array(160), new Uint8Array(159))).toThrow(short)
  })
})
