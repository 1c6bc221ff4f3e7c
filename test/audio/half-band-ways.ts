/** Both ways to compute the half-band filter: what is true of one must be true of the other. */
import { createPlainHalfBand, type HalfBand } from '../../src/audio/half-band-arithmetic.ts'
import { createHalfBandKernel } from '../../src/audio/half-band-kernel.ts'

function kernel(): HalfBand {
  const made = createHalfBandKernel()
  if (made === undefined) throw new Error('expected WebAssembly with SIMD in this Node, got none')
  return made
}

export const WAYS = [
  ['in plain JavaScript', createPlainHalfBand()],
  ['by the WebAssembly kernel', kernel()],
] as const
