import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkAssembler } from '../../src/media/chunk-assembler.ts'

describe('a chunk assembler', () => {
  it('cuts any pieces into chunks of one size, in order, keeping what is left over', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 30 }),
        (size, pieces) => {
          const chunks: number[][] = []
          const assembler = new ChunkAssembler(size, (chunk) => chunks.push([...chunk]))
          let next = 0
          for (const length of pieces) assembler.push(Int16Array.from({ length }, () => next++))
          expect(chunks.every((chunk) => chunk.length === size)).toBe(true)
          expect(chunks.flat()).toEqual(Array.from({ length: next - (next % size) }, (_, i) => i))
        },
      ),
    )
  })

  it('does not copy a chunk that lies whole in the input', () => {
    const chunks: Int16Array[] = []
    const samples = new Int16Array(10)
    new ChunkAssembler(5, (chunk) => chunks.push(chunk)).push(samples)
    expect(chunks.map(({ buffer }) => buffer)).toEqual([samples.buffer, samples.buffer])
    expect(chunks.every(({ buffer }) => buffer === samples.buffer)).toBe(true)
  })
})
