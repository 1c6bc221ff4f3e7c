import { cpuUsage } from 'node:process'
import { expect, it } from 'vitest'

/** Each twice as long as the one before. */
const SIZES = 4
const TRIES = 3
const ATTEMPTS = 5
/** Long enough for the clock of the processor to tell. */
const LEAST_MICROSECONDS = 1_000
/** Linear is 1 and quadratic 2. */
const STEEPEST = 1.5

/** An input of about so many characters. */
export type InputOf<T> = (size: number) => T

/** Time is no matter for the ordinary tests: it is looked at by `npm run fuzz` alone. */
export const IS_TIMED = process.env['FUZZ_CASES'] !== undefined

/** One test for each kind of input: whatever `act` does with it takes time in proportion to its length. */
export function growsLinearly<T>(
  title: string,
  act: (input: T) => unknown,
  kinds: Readonly<Record<string, InputOf<T>>>,
  smallest = 2_000,
): void {
  if (!IS_TIMED) return
  it.each(Object.entries(kinds))(`${title}: %s`, { timeout: 60_000 }, async (_, inputOf) => {
    expect(await steepnessOf(act, inputOf, smallest)).toBeLessThanOrEqual(STEEPEST)
  })
}

/**
 * The power of its input's length with which the time grows that `act` takes: 1 is linear, 2 quadratic. Time is the
 * process's own, so that a busy machine has no say in it, and the best of several tries, so that a collection of
 * garbage has not. One good measurement is enough: nothing makes a quadratic parser look linear.
 */
export async function steepnessOf<T>(
  act: (input: T) => unknown,
  inputOf: InputOf<T>,
  smallest: number,
): Promise<number> {
  const inputs = Array.from({ length: SIZES }, (_, index) => inputOf(smallest * 2 ** index))
  // What has not been run yet is slow whatever it is given.
  for (const input of inputs) await act(input)
  const rounds = await roundsFor(() => act(inputOf(smallest)))
  let steepness = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < ATTEMPTS && steepness > STEEPEST; attempt += 1) {
    const times: number[] = []
    for (const input of inputs) times.push(await microsecondsOf(() => act(input), rounds))
    steepness = Math.min(steepness, slopeOf(times))
  }
  return steepness
}

async function roundsFor(act: () => unknown): Promise<number> {
  for (let rounds = 1; ; rounds *= 2) if ((await timed(act, rounds)) >= LEAST_MICROSECONDS) return rounds
}

async function microsecondsOf(act: () => unknown, rounds: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < TRIES; attempt += 1) best = Math.min(best, await timed(act, rounds))
  return best
}

async function timed(act: () => unknown, rounds: number): Promise<number> {
  const before = cpuUsage()
  for (let round = 0; round < rounds; round += 1) await act()
  const { user, system } = cpuUsage(before)
  return user + system
}

/** Of the straight line through the times, each of double the size of the one before, both axes logarithmic. */
function slopeOf(times: readonly number[]): number {
  const middle = (times.length - 1) / 2
  const sum = (terms: readonly number[]) => terms.reduce((total, term) => total + term, 0)
  const rise = times.map((time, index) => (index - middle) * Math.log2(Math.max(1, time)))
  return sum(rise) / sum(times.map((_, index) => (index - middle) ** 2))
}
