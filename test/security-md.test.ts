import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** What SECURITY.md says of tests, held against the tests that there are. */

const ROOT = join(import.meta.dirname, '..')
const page = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8')
const [, model = ''] = /\n## Threat model\n([^]*?)\n## /.exec(page) ?? []

/** The cells of each row, without the heading. */
const rows = [...model.matchAll(/^\|(.*)\|$/gm)]
  .slice(2)
  .map(([, row = '']) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()))

const named = rows.flatMap(([, , , tests = '']) =>
  [...tests.matchAll(/`(test\/[^`]+)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title })),
)

/** Titles of tests as they are written: one string in quotation marks after `it(`, `it.each(...)(` and the like. */
const TITLE = /(?:\bit\(|\)\()\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g
/** Faults have names, whichever function makes a fault of them: any string on one line. */
const NAME = /(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g

function titlesIn(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8')
  const written = file.startsWith('test/faults/cases/') ? NAME : TITLE
  return [...source.matchAll(written)].map(([, , title = '']) => title.replaceAll(/\\(.)/g, '$1'))
}

describe('SECURITY.md', () => {
  it('has a threat model, whose rows say who, what, what stops them, and which test shows it', () => {
    expect(rows.length).toBeGreaterThan(20)
    expect(rows.filter((cells) => cells.length !== 4)).toEqual([])
    expect(rows[0]?.[0]).not.toBe('')
    // An empty first cell: whoever stands above.
    for (const [, ...cells] of rows) expect(cells).not.toContain('')
  })

  it('names a test in each row, and nothing besides where tests are named', () => {
    const leftovers = rows.map(([, , , tests = '']) =>
      tests.replaceAll(/`test\/[^`]+` "[^"]+"/g, '').replaceAll(', ', ''),
    )
    expect(leftovers.filter((text) => text !== '')).toEqual([])
    expect(named.length).toBeGreaterThanOrEqual(rows.length)
  })

  it.each(named)('is right that there is a test: $file, $title', ({ file, title }) => {
    expect(existsSync(join(ROOT, file)), `expected ${file}`).toBe(true)
    expect(titlesIn(file)).toContain(title)
  })

  it('says how to report, which versions are looked after, and what is not defended', () => {
    for (const heading of ['Reporting', 'Supported versions', 'Threat model', 'Not defended']) {
      expect(page).toContain(`\n## ${heading}\n`)
    }
  })
})
