import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { messageOf } from '../errors.ts'

/** What `npm run soak` was asked for. */
export interface SoakOptions {
  /** On the clock that is in force. */
  readonly minutes: number
  /** At once. */
  readonly calls: number
  readonly seed: number
  /** On a clock that passes as fast as the machine can carry the calls. */
  readonly isSimulated: boolean
  /** Records go to a disk, not only to memory. */
  readonly keepsArchive: boolean
  /** A line on standard error for each call. */
  readonly isVerbose: boolean
  /** One JSON object on standard output, in the place of tables. */
  readonly json: boolean
  /** Only these calls, by their keys, e.g. `3/17`, each on its line: to repeat what went wrong. */
  readonly only: readonly string[] | undefined
}

const KNOWN = '--minutes N, --calls N, --seed S, --simulated, --archive, --only LINE/TURN[,...], --verbose, --json'
const MOST_SEED = 2 ** 32 - 1

/** Throws, naming what is known, for an option that is not. */
export function parseSoakOptions(args: readonly string[]): SoakOptions {
  const { minutes, calls, seed, simulated, archive, json, only, verbose } = parse(args)
  return {
    minutes: numberOf('--minutes', minutes, { least: 0.1, most: 10_000 }),
    calls: wholeOf('--calls', calls, { least: 1, most: 1_000 }),
    seed: seed === undefined ? randomInt(MOST_SEED) : wholeOf('--seed', seed, { least: 0, most: MOST_SEED }),
    isSimulated: simulated,
    keepsArchive: archive,
    json,
    isVerbose: verbose,
    only: only === undefined ? undefined : keysOf(only),
  }
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '10' },
        calls: { type: 'string', default: '20' },
        seed: { type: 'string' },
        simulated: { type: 'boolean', default: false },
        archive: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
        only: { type: 'string' },
      },
    })
    return values
  } catch (error) {
    throw new Error(`expected only ${KNOWN}: ${messageOf(error)}`, { cause: error })
  }
}

interface Bounds {
  readonly least: number
  readonly most: number
}

function numberOf(name: string, text: string, { least, most }: Bounds): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new Error(`expected ${name} from ${least} to ${most}, got ${JSON.stringify(text)}`)
}

function wholeOf(name: string, text: string, bounds: Bounds): number {
  const value = numberOf(name, text, bounds)
  if (Number.isSafeInteger(value)) return value
  throw new Error(`expected ${name} to be a whole number, got ${JSON.stringify(text)}`)
}

function keysOf(text: string): string[] {
  const keys = text.split(',')
  const wrong = keys.find((key) => !/^\d+\/\d+$/.test(key))
  if (wrong === undefined) return keys
  throw new Error(`expected --only to name calls as LINE/TURN, e.g. 3/17, got ${JSON.stringify(wrong)}`)
}
