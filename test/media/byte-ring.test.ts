import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteRing } from '../../src/media/byte-ring.ts'

type Step =
  | { readonly do: 'write' | 'read'; readonly count: number }
  | { readonly do: 'remove'; readonly at: number; readonly count: number }
  | { readonly do: 'clear' }

const counts = fc.integer({ min: 0, max: 9_000 })
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('write' as const, 'read' as const), count: counts }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), at: counts, count: counts }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  ),
  { maxLength: 60 },
)

/** A ring and the array that shows what should be in it; every read is compared. */
function twins(limit: number) {
  const ring = new ByteRing(limit)
  const model: number[] = []
  const mistakes: string[] = []
  let next = 0
  const read = (count: number) => {
    const out = new Uint8Array(count)
    const got = out.subarray(0, ring.read(out))
    if (Buffer.compare(got, Uint8Array.from(model.splice(0, count))) !== 0) mistakes.push(`read ${count}`)
  }
  const apply = (step: Step) => {
    if (step.do === 'write') {
      const bytes = Uint8Array.from({ length: Math.min(step.count, ring.room) }, () => next++ & 0xff)
      ring.write(bytes)
      model.push(...bytes)
    } else if (step.do === 'read') {
      read(step.count)
    } else if (step.do === 'remove') {
      const at = Math.min(step.at, model.length)
      const count = Math.min(step.count, model.length - at)
      ring.remove(at, count)
      model.splice(at, count)
    } else {
      ring.clear()
      model.length = 0
    }
    if (ring.length !== model.length || ring.room !== limit - model.length) mistakes.push(`length after ${step.do}`)
  }
  return { apply, read, mistakes }
}

describe('a byte ring', () => {
  it('does what an array of bytes would, whatever is written, read, removed and cleared', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), steps, (limit, all: Step[]) => {
        const { apply, read, mistakes } = twins(limit)
        for (const step of all) apply(step)
        read(limit)
        expect(mistakes).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  it('refuses what it has no room for, and is unchanged by it', () => {
    const ring = new ByteRing(10)
    ring.write(Uint8Array.of(1, 2, 3))
    expect(() => ring.write(new Uint8Array(8))).toThrow('expected at most 7 bytes, got 8')
    const out = new Uint8Array(10)
    expect(ring.read(out)).toBe(3)
    expect([...out.subarray(0, 3)]).toEqual([1, 2, 3])
  })
})
