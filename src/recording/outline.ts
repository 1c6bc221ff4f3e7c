import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { OF_SOCKETS } from '../recorder.ts'

/** Far more than a call has edges; a call that has more is told from its end. */
export const OUTLINE_LIMIT = 2_000

/** How a line begins that tells what went over a socket: most do, and none of them is parsed. */
const OF_A_SOCKET = new RegExp(`^\\{"at":[\\d.]+,"what":"(?:${OF_SOCKETS.join('|')})"`)
const AUDIO = '"audio":true'

/**
 * A recording without what went over its sockets, and so without anything said or keyed: the header and the latest lines
 * of the control plane, as JSON lines. It is read in pieces, so that a long call's file holds nobody up.
 * Rejects when the file cannot be read.
 */
export async function readOutline(path: string): Promise<string> {
  const file = createReadStream(path, { encoding: 'utf8' })
  const lines: string[] = []
  let header: string | undefined
  let dropped = 0
  try {
    for await (const line of createInterface({ input: file, crlfDelay: Infinity })) {
      if (header === undefined) header = line.replace(AUDIO, '"audio":false')
      else if (!OF_A_SOCKET.test(line)) lines.push(line)
      if (lines.length <= 2 * OUTLINE_LIMIT) continue
      dropped += lines.length - OUTLINE_LIMIT
      lines.splice(0, lines.length - OUTLINE_LIMIT)
    }
  } finally {
    file.destroy()
  }
  dropped += Math.max(0, lines.length - OUTLINE_LIMIT)
  const confession = dropped === 0 ? [] : [JSON.stringify({ at: 0, what: 'dropped', lines: dropped })]
  return [header ?? '', ...confession, ...lines.slice(-OUTLINE_LIMIT), ''].join('\n')
}
