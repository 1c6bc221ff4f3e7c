/**
 * `npm run soak`: random calls and random faults from a seed, for minutes or hours, with the promises that must hold
 * whatever happens. Exit code 1 when one was not kept, 2 when there was no soaking.
 */

import { messageOf } from '../errors.ts'
import { parseSoakOptions } from './options.ts'
import { describeSoak, soakToJson } from './report.ts'
import { soak } from './soak.ts'

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseSoakOptions(args)
    tell(`seed ${options.seed}, ${options.calls} calls at once, ${options.minutes} minutes`)
    const result = await soak(options, tell)
    const report = options.json ? `${JSON.stringify(soakToJson(result), undefined, 2)}\n` : describeSoak(result)
    process.stdout.write(report)
    return result.tally.breachCount === 0 ? 0 : 1
  } catch (error) {
    tell(`soak: ${messageOf(error)}`)
    return 2
  }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

process.exitCode = await main(process.argv.slice(2))
