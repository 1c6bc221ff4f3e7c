/**
 * `npm run bench`: the figures that matter, as ratios taken in one run. Every process of the bench is this program:
 * `load FOLDER` is the load generator, `server NAME ...` a contender, anything else the bench itself.
 */

import { messageOf } from '../errors.ts'

const [role, ...rest] = process.argv.slice(2)

if (role === 'load') {
  const { runLoad } = await import('./load/process.ts')
  await runLoad(rest[0] ?? '')
} else if (role === 'server') {
  await runServerNamed(rest)
} else {
  process.exitCode = await bench(process.argv.slice(2))
}

/** 1 when a target was missed, 2 when there was no measuring. */
async function bench(args: readonly string[]): Promise<number> {
  const { runBench } = await import('./bench.ts')
  try {
    return (await runBench(args)) ? 0 : 1
  } catch (error) {
    process.stderr.write(`bench: ${messageOf(error)}\n`)
    return 2
  }
}

async function runServerNamed([name = '', ...args]: readonly string[]): Promise<void> {
  switch (name) {
    case 'floor':
      return (await import('./servers/floor.ts')).runFloor()
    case 'naive':
      return (await import('./servers/naive.ts')).runNaive()
    case 'callchart':
      return (await import('./servers/callchart.ts')).runCallchart(args[0] ?? 'echo', args[1] ?? '')
    default:
      throw new Error(`expected the server callchart, floor or naive, got ${JSON.stringify(name)}`)
  }
}
