import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Program, ROOT } from '../cli/program.ts'

const built = (name: string) => JSON.stringify(pathToFileURL(join(ROOT, 'dist/src', name)).href)

/** Rows as `rows.ts` makes them, in as much as a program of its own needs them. */
const PRELUDE = `
  import { createArchive } from ${built('archive/archive.js')}
  import { createLogger } from ${built('log.js')}
  const folder = process.argv.at(-1)
  const say = (text) => console.log(text)
  const open = async (options = {}) => {
    const archive = createArchive({ folder, retentionDays: 0, logger: createLogger('info'), ...options })
    await archive.open()
    return archive
  }
  const rowOf = (number, differences = {}) => ({
    id: 'call_' + String(number).padStart(6, '0'), callSid: 'CA' + number, direction: 'inbound', from: '+15551234567',
    to: '+15550100000', agent: 'echo', parameters: {}, startedAt: 1_000_000 + number, state: 'ended',
    reason: 'caller hung up', endedAt: 2_000_000 + number, streamSids: [], states: [], transfers: [], recordings: [],
    stats: {}, ...differences,
  })
  const openRowOf = (number) => rowOf(number, { state: 'active', reason: undefined, endedAt: undefined })
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
`

/**
 * A process with an archive in `folder`, that does what `script` says; what it says is on stdout, its log on stderr.
 *
 * @param before a command in whose surroundings it runs, such as a shell that limits something.
 */
export function startArchiveProgram(folder: string, script: string, before: readonly string[] = []): Program {
  return new Program([...before, process.execPath, '--input-type=module', '-e', PRELUDE + script, folder], {})
}
