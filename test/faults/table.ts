import type { Sighting } from './fault.ts'

/** The table of faults: what a run writes, and what can be read of it again. */

export const TABLE_FILE = new URL('../../diagrams/faults.md', import.meta.url)

const HEAD = `# Faults, made on purpose

Each row is a test: \`npm run faults\` runs them all and writes this page. Where there are other calls on the node, two callers hear
their echo all the while; the last column is the longest that either of them waited for a message of audio, in simulated
time (a message has 20 ms of audio or more, so that 20 is what an untroubled call has), and neither of them missed a frame.
Behind every row are the checks of any test: each call has one record with a reason, and no timer, socket, directory entry or
carrier leg is left.
`

const FOOT = `## Not made true, or not shown

- A recording of the carrier's whose start got no usable answer, and that runs after all: the call's chart does not know its SID, so
  that nobody can stop it before the call ends. The agent is told \`unknown\`.
- An incoming leg whose every hang-up is refused lives until its far end hangs up or Twilio ends it: only outgoing calls have a
  \`timeLimit\` there.
- A call that is adopted after \`kill -9\` has our time limit from the beginning again; the carrier's goes on.
- A host name that does not resolve counts as a create in doubt, although nothing can have been sent.
- "In a second" is at once: simulated time stands still meanwhile. Rows of whole processes are in real time, without other callers.
- The full disk is a limit on the size of files (\`prlimit\`), not a device without room.
`

/** @param sightings of one run; within an area in the order of its rows. */
export function writeTable(sightings: readonly Sighting[]): string {
  const areas = [...new Set(sightings.map(({ area }) => area))].toSorted()
  const sections = areas.map((title) => {
    const rows = sightings
      .filter(({ area }) => area === title)
      .map(({ name, expected, seen, others }) => `| ${[name, expected, seen, others].map(toCell).join(' | ')} |`)
    return [`## ${title}`, '', '| fault | expected | seen | other calls |', '|---|---|---|---|', ...rows, ''].join('\n')
  })
  return [HEAD, ...sections, FOOT].join('\n')
}

/** What is expected of each fault of each area, by `area: name`. */
export function readTable(text: string): ReadonlyMap<string, string> {
  const expected = new Map<string, string>()
  for (const section of text.split(/^## /m).slice(1)) {
    const [title = '', ...lines] = section.split('\n')
    for (const line of lines.filter((each) => each.startsWith('| ')).slice(1)) {
      const [, name = '', words = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
      expected.set(`${title}: ${fromCell(name)}`, fromCell(words))
    }
  }
  return expected
}

function toCell(words: string): string {
  return words.replaceAll('|', '\\|')
}

function fromCell(cell: string): string {
  return cell.replaceAll('\\|', '|')
}
