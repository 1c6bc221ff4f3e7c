import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PcmByteReader } from '../../src/audio/pcm-bytes.ts'
import { chunksOf, joined } from './signals.ts'

function bytesOf(samples: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(2 * samples.length)
  for (const [i, sample] of samples.entries()) bytes.writeInt16LE(sample, 2 * i)
  return bytes
}

describe('a reader of PCM bytes', () => {
  it('reads little-endian 16-bit samples', () => {
    expect(new PcmByteReader().push(Uint8Array.of(1, 0, 0xff, 0xff, 0, 0x80, 0xff, 0x7f))).toEqual(
      Int16Array.of(1, -1, -32768, 32767),
    )
  })

  it('keeps half a sample for the next chunk', () => {
    const reader = new PcmByteReader()
    expect(reader.push(Uint8Array.of(0x34))).toEqual(new Int16Array(0))
    expect(reader.push(Uint8Array.of())).toEqual(new Int16Array(0))
    expect(reader.push(Uint8Array.of(0x12, 0x78))).toEqual(Int16Array.of(0x1234))
    expect(reader.push(Uint8Array.of(0x56, 0x01, 0x00))).toEqual(Int16Array.of(0x5678, 1))
  })

  it('gives the same samples however the bytes were cut', () => {
    const samples = fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 200 })
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(samples, cuts, (expected, sizes) => {
        const reader = new PcmByteReader()
        const chunks = chunksOf(bytesOf(expected), sizes).map((chunk) => reader.push(chunk))
        expect(joined(chunks)).toEqual(Int16Array.from(expected))
      }),
    )
  })

  it('gives arrays that later bytes do not touch', () => {
    const reader = new PcmByteReader()
    const bytes = bytesOf([1, 2])
    const first = reader.push(bytes)
    bytes.fill(9)
    reader.push(bytes)
    expect(first).toEqual(Int16Array.of(1, 2))
  })

  it('forgets half a sample when reset', () => {
    const reader = new PcmByteReader()
    reader.push(Uint8Array.of(0x34))
    reader.reset()
    expect(reader.push(Uint8Array.of(1, 0))).toEqual(Int16Array.of(1))
  })
})
