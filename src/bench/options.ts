import { parseArgs } from 'node:util'
import { messageOf } from '../errors.ts'

/** What `npm run bench` was asked for. */
export interface BenchOptions {
  /** Within five minutes, at the price of coarser figures. */
  readonly quick: boolean
  /** Only the long run, with one search before it for how many calls that is. */
  readonly long: boolean
  /** Only what somebody costs who looks at a call. */
  readonly viewing: boolean
  /** Only what it costs to set calls up, and to have them. */
  readonly setup: boolean
  /** Only one contender, by the beginning of its name; nothing that compares. */
  readonly only: string | undefined
  /** One JSON object on standard output, in the place of tables. */
  readonly json: boolean
  /** Where results are written to; undefined: nowhere. */
  readonly out: string | undefined
}

/** How long to look, and how closely. */
export interface BenchPlan {
  readonly windowMs: number
  /** One of three windows at 70 % of the most calls. */
  readonly steadyMs: number
  readonly rounds: number
  readonly resolution: number
  readonly leap: number
  /** For one contender's search; then the answer is what is known. */
  readonly searchMs: number
  /** In one round of those that are compared. */
  readonly setUps: number
  readonly setUpRounds: number
  readonly growthMs: number
  /** One window of eight, and one to warm up. */
  readonly viewingMs: number
  readonly longMs: number
  /** One line of the long run's table. */
  readonly longStepMs: number
}

export const QUICK_PLAN: BenchPlan = {
  windowMs: 1_500,
  steadyMs: 1_500,
  rounds: 1,
  resolution: 0.08,
  leap: 1.3,
  searchMs: 14_000,
  setUps: 100,
  setUpRounds: 4,
  growthMs: 2_000,
  viewingMs: 1_500,
  longMs: 10_000,
  longStepMs: 2_500,
}

export const FULL_PLAN: BenchPlan = {
  windowMs: 8_000,
  steadyMs: 10_000,
  rounds: 3,
  resolution: 0.04,
  leap: 1.25,
  searchMs: 240_000,
  setUps: 500,
  setUpRounds: 10,
  growthMs: 10_000,
  viewingMs: 10_000,
  longMs: 600_000,
  longStepMs: 15_000,
}

/** Throws, naming what is known, for an option that is not. */
export function parseBenchOptions(args: readonly string[], resultsFolder: string): BenchOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        long: { type: 'boolean', default: false },
        viewing: { type: 'boolean', default: false },
        setup: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string' },
        out: { type: 'string' },
      },
    })
    const { quick, long, viewing, setup, json, only } = values
    const isWhole = !quick && !long && !viewing && !setup && only === undefined
    return { quick, long, viewing, setup, json, only, out: values.out ?? (isWhole ? resultsFolder : undefined) }
  } catch (error) {
    const known = '--quick, --long, --viewing, --setup, --only NAME, --json, --out FOLDER'
    throw new Error(`expected only ${known}: ${messageOf(error)}`, { cause: error })
  }
}
