import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { PrototypeWatch } from './prototype-watch.ts'

/**
 * How many cases a target gets: few as one of the ordinary tests, very many by `npm run fuzz`. A failure names its seed;
 * with that as `FUZZ_SEED`, and the same `FUZZ_CASES`, it comes again. The ordinary tests are the same each time: in so few
 * cases, chance would decide whether a target is seen to do all that it may.
 */
const NUM_RUNS = Number(process.env['FUZZ_CASES'] ?? 300)
const SEED = process.env['FUZZ_SEED'] ?? '1'
const TIMEOUT_MS = 600_000

export interface Barrage<T> {
  readonly cases: fc.Arbitrary<T>
  /** Throws when the target does what it must not; otherwise the name of what it did. */
  readonly outcome: (input: T) => string
  /** What it must do at least once, even in a few cases: else a target that refuses everything would do. */
  readonly outcomes: readonly string[]
  /** What else it may do, in few cases or none. */
  readonly rarely?: readonly string[]
}

export interface AsyncBarrage<T> extends Omit<Barrage<T>, 'outcome'> {
  readonly outcome: (input: T) => Promise<string>
}

/** One test: the target under fire, with the prototypes that everything shares left alone. */
export function barrage<T>(title: string, { cases, outcome, outcomes, rarely }: Barrage<T>): void {
  it.each([title])('%s', { timeout: TIMEOUT_MS }, () => {
    const seen = new Set<string>()
    const prototypes = new PrototypeWatch()
    const property = fc.property(cases, (input) => {
      seen.add(outcome(input))
      prototypes.check()
    })
    fc.assert(property, parameters())
    prototypes.checkAll()
    expect(usual(seen, rarely)).toEqual(outcomes.toSorted())
  })
}

/** The same for a target that takes its time. */
export function asyncBarrage<T>(title: string, { cases, outcome, outcomes, rarely }: AsyncBarrage<T>): void {
  it.each([title])('%s', { timeout: TIMEOUT_MS }, async () => {
    const seen = new Set<string>()
    const prototypes = new PrototypeWatch()
    const property = fc.asyncProperty(cases, async (input) => {
      seen.add(await outcome(input))
      prototypes.check()
    })
    await fc.assert(property, parameters())
    prototypes.checkAll()
    expect(usual(seen, rarely)).toEqual(outcomes.toSorted())
  })
}

function usual(seen: ReadonlySet<string>, rarely: readonly string[] = []): string[] {
  return [...seen].filter((outcome) => !rarely.includes(outcome)).toSorted()
}

function parameters(): { numRuns: number; seed: number } {
  return { numRuns: NUM_RUNS, seed: Number(SEED) }
}
