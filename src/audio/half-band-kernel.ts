/**
 * The half-band filter by WebAssembly SIMD (half-band.wat): the same samples for an eighth of the time.
 *
 * One instance with one page of memory serves all calls, as the plain way's scratch does; what a call keeps is laid in
 * before each block and taken out after it.
 */
import { endianness } from 'node:os'
import { BRANCH, type HalfBand, HISTORY_SAMPLES } from './half-band-arithmetic.ts'
import { HALF_BAND_WASM } from './half-band-wasm.ts'
import { BLOCK_SAMPLES } from './polyphase.ts'
import { SampleBlock } from './sample-block.ts'

/** What is used of it; the language's own typings leave it to the browser's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

/** An exported address, in bytes. */
interface Address {
  readonly value: number
}

/** What half-band.wat exports. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly taps: Address
  readonly state: Address
  readonly input: Address
  readonly output: Address
  readonly up: (count: number) => void
  readonly down: (count: number, phase: 0 | 1) => void
}

/** Undefined where there is no WebAssembly, or none with SIMD: the plain way does as well, only slower. */
export function createHalfBandKernel(): HalfBand | undefined {
  // The kernel's memory has the low byte first whatever the machine; views of it here would read it the machine's way.
  if (endianness() !== 'LE') return undefined
  try {
    const module = new WebAssembly.Module(Buffer.from(HALF_BAND_WASM, 'base64'))
    return new KernelHalfBand(new WebAssembly.Instance(module).exports as Kernel)
  } catch {
    return undefined
  }
}

class KernelHalfBand implements HalfBand {
  readonly input: Int16Array
  readonly #kernel: Kernel
  readonly #state: Int16Array
  readonly #wide: SampleBlock
  readonly #narrow: SampleBlock

  constructor(kernel: Kernel) {
    const samples = (at: Address, length: number) => new Int16Array(kernel.memory.buffer, at.value, length)
    samples(kernel.taps, 2 * BRANCH.length).set([...BRANCH, ...BRANCH.toReversed()])
    this.input = samples(kernel.input, BLOCK_SAMPLES)
    this.#kernel = kernel
    this.#state = samples(kernel.state, HISTORY_SAMPLES)
    this.#wide = new SampleBlock(samples(kernel.output, 2 * BLOCK_SAMPLES))
    this.#narrow = new SampleBlock(samples(kernel.output, BLOCK_SAMPLES / 2))
  }

  up(history: Int16Array, count: number): Int16Array {
    this.#state.set(history)
    this.#kernel.up(count)
    history.set(this.#state)
    return this.#wide.first(2 * count)
  }

  down(history: Int16Array, count: number, phase: 0 | 1): Int16Array {
    this.#state.set(history)
    this.#kernel.down(count, phase)
    history.set(this.#state)
    return this.#narrow.first((count + 1 - phase) >> 1)
  }
}
