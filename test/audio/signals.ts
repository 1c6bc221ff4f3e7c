/** Test signals and the ruler to measure them with. Levels are in dB, frequencies in Hz. */
import { readFileSync } from 'node:fs'
import { readWav } from '../../src/audio/wav.ts'

export function sine(hz: number, rate: number, length: number, amplitude = 16384): Int16Array {
  return Int16Array.from({ length }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rate)))
}

/** Deterministic white noise, full scale. */
export function noise(length: number, seed = 1): Int16Array {
  let state = seed
  return Int16Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state >> 16
  })
}

/** A full-scale square wave of so many samples a half period. */
export function square(halfPeriod: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => (Math.floor(i / halfPeriod) % 2 === 0 ? 32767 : -32767))
}

export function speech(name: 'caller' | 'callee'): Int16Array {
  return readWav(readFileSync(new URL(`../../src/examples/speech/${name}.wav`, import.meta.url))).samples
}

export function rms(samples: Iterable<number>): number {
  let energy = 0
  let count = 0
  for (const sample of samples) {
    energy += sample * sample
    count++
  }
  return Math.sqrt(energy / count)
}

export const decibels = (ratio: number): number => 20 * Math.log10(ratio)

/** The sine of `hz` that fits best: its amplitude, and what is left when it is taken away. */
export function fit(samples: Int16Array, hz: number, rate: number): { amplitude: number; residue: Float64Array } {
  const angle = (2 * Math.PI * hz) / rate
  let [ss, cc, sc, sy, cy] = [0, 0, 0, 0, 0]
  for (const [i, y] of samples.entries()) {
    const [s, c] = [Math.sin(angle * i), Math.cos(angle * i)]
    ss += s * s
    cc += c * c
    sc += s * c
    sy += s * y
    cy += c * y
  }
  const determinant = ss * cc - sc * sc
  const [a, b] = [(sy * cc - cy * sc) / determinant, (cy * ss - sy * sc) / determinant]
  const residue = Float64Array.from(samples, (y, i) => y - a * Math.sin(angle * i) - b * Math.cos(angle * i))
  return { amplitude: Math.hypot(a, b), residue }
}

/** Everything that is not the sine of `hz`, relative to it: total harmonic distortion and noise. */
export function distortionDb(samples: Int16Array, hz: number, rate: number): number {
  const { amplitude, residue } = fit(samples, hz, rate)
  return decibels(rms(residue) / (amplitude / Math.SQRT2))
}

/** Signal to noise of `got` against `expected`, without any alignment or scaling. */
export function snrDb(expected: Int16Array, got: Int16Array): number {
  const error = Float64Array.from(expected, (sample, i) => sample - (got[i] ?? 0))
  return decibels(rms(expected) / rms(error))
}

/** Cuts into chunks of the given sizes, over and over until nothing is left. */
export function chunksOf<T extends Int16Array | Uint8Array>(whole: T, sizes: readonly number[]): T[] {
  const chunks: T[] = []
  let at = 0
  for (let turn = 0; at < whole.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a subarray is of its array's kind
    chunks.push(whole.subarray(at, at + size) as T)
    at += size
  }
  return chunks
}

export function joined(chunks: readonly Int16Array[]): Int16Array {
  const whole = new Int16Array(chunks.reduce((total, chunk) => total + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

export interface Filter {
  process(input: Int16Array, output: Int16Array): number
  flush(output: Int16Array): number
  reset(): void
}

/** What a filter makes of these chunks, each with a buffer of its own. */
export function run(filter: Filter, chunks: readonly Int16Array[], { flush = false } = {}): Int16Array {
  const out = chunks.map((chunk) => {
    const room = new Int16Array(2 * chunk.length + 1)
    return room.slice(0, filter.process(chunk, room))
  })
  const tail = new Int16Array(64)
  if (flush) out.push(tail.slice(0, filter.flush(tail)))
  return joined(out)
}
