import { readFile } from 'node:fs/promises'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import createWabt from 'wabt'
import { BRANCH, createPlainHalfBand } from '../../src/audio/half-band-arithmetic.ts'
import { HALF_BAND_WASM } from '../../src/audio/half-band-wasm.ts'
import { Downsampler16to8, Upsampler8to16 } from '../../src/audio/half-band.ts'
import { type Filter, noise, run } from './signals.ts'
import { WAYS } from './half-band-ways.ts'

const PAGE_BYTES = 65_536
const [[, plain], [, kernel]] = WAYS

/** Whispers, speech, noise and what lies at either end of the scale. */
const sample = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -32768, max: 32767 }),
  fc.constantFrom(-32768, -32767, 32767),
)
/** Past a block of 1024, and often odd. */
const length = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 2500 }))
const chunks = fc.array(
  length.chain((size) => fc.array(sample, { minLength: size, maxLength: size }).map((all) => Int16Array.from(all))),
  { minLength: 1, maxLength: 6 },
)

describe.each([
  ['up', Upsampler8to16],
  ['down', Downsampler16to8],
] as const)('the kernel on the way %s', (_way, Resampler) => {
  it('equals the plain way to the sample, whatever comes in chunks of whatever size', () => {
    fc.assert(
      fc.property(chunks, (signal) => {
        const made = (filter: Filter): Int16Array => run(filter, signal, { flush: true })
        expect(made(new Resampler(kernel))).toEqual(made(new Resampler(plain)))
      }),
      { numRuns: 150 },
    )
  })

  it('serves calls by turns, each with its own history and phase', () => {
    const [mine, other, alone] = [new Resampler(kernel), new Resampler(kernel), new Resampler(plain)]
    for (let turn = 1; turn < 40; turn++) {
      const chunk = noise(7 * turn, turn)
      run(other, [noise(5 * turn, -turn)])
      expect(run(mine, [chunk])).toEqual(run(alone, [chunk]))
    }
  })
})

describe('the loudest there can be', () => {
  // Every sample as far out as it goes, and on the side on which its tap makes the sum grow: to either end.
  const taps = [...BRANCH, ...BRANCH.toReversed()]
  const towards = (sign: number): number[] => taps.map((tap) => (Math.sign(tap) * sign > 0 ? 32767 : -32768))

  it.each([1, -1])('goes up to the end of the scale and not past it, to the side of %i', (sign) => {
    const signal = Int16Array.from(towards(sign))
    const made = run(new Upsampler8to16(kernel), [signal])
    expect(made[62]).toBe(sign > 0 ? 32767 : -32768)
    expect(made).toEqual(run(new Upsampler8to16(plain), [signal]))
  })

  it.each([1, -1])('comes down to the end of the scale and not past it, to the side of %i', (sign) => {
    const centre = sign > 0 ? 32767 : -32768
    const signal = Int16Array.from(towards(sign).flatMap((branch) => [branch, centre]))
    const made = run(new Downsampler16to8(kernel), [signal])
    expect(made[31]).toBe(centre)
    expect(made).toEqual(run(new Downsampler16to8(plain), [signal]))
  })

  it('fits into 32 bits with both the branch and the centre', () => {
    const branch = taps.reduce((sum, tap) => sum + Math.abs(tap), 0)
    expect(branch).toBe(39_912)
    expect((branch + 16_384) * 32_768 + 16_384).toBeLessThan(2 ** 31)
  })

  it('has both sides of the branch sum to exactly one', () => {
    expect(taps.reduce((sum, tap) => sum + tap, 0)).toBe(16_384)
    expect(taps.every(Number.isInteger)).toBe(true)
  })
})

describe('the bytes of the kernel', () => {
  it('are what its source translates to: after a change, npm run kernel', async () => {
    const text = await readFile(new URL('../../src/audio/half-band.wat', import.meta.url), 'utf8')
    const wabt = await createWabt()
    const { buffer } = wabt.parseWat('half-band.wat', text, { simd: true }).toBinary({})
    expect(HALF_BAND_WASM).toBe(Buffer.from(buffer).toString('base64'))
  })

  it('are used where they can be', () => {
    expect(new Upsampler8to16().input.buffer.byteLength).toBe(PAGE_BYTES)
    expect(new Upsampler8to16(createPlainHalfBand()).input.buffer.byteLength).not.toBe(PAGE_BYTES)
  })
})

describe('a machine that cannot run the kernel', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.doUnmock('node:os')
    vi.resetModules()
  })

  function refuse(): never {
    throw new TypeError('invalid value type 0x7b')
  }

  it.each([
    ['has no WebAssembly', () => vi.stubGlobal('WebAssembly', undefined)],
    ['has none with SIMD', () => vi.stubGlobal('WebAssembly', { Module: refuse, Instance: refuse })],
    ['has the high byte first', () => vi.doMock('node:os', () => ({ endianness: () => 'BE' }))],
  ])('because it %s filters in plain JavaScript', async (_why, take) => {
    const signal = noise(3001)
    const expected = [run(new Upsampler8to16(), [signal]), run(new Downsampler16to8(), [signal])]
    vi.resetModules()
    take()
    const fresh = await import('../../src/audio/half-band.ts')
    expect(new fresh.Upsampler8to16().input.buffer.byteLength).not.toBe(PAGE_BYTES)
    expect([run(new fresh.Upsampler8to16(), [signal]), run(new fresh.Downsampler16to8(), [signal])]).toEqual(expected)
  })
})
