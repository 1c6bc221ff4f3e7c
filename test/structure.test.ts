import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')

/** Folders by level: a file imports from its own folder and from lower levels. */
const FOLDERS: Readonly<Record<string, number>> = {
  machines: 1,
  'src/audio': 2,
  'src/twilio': 3,
  'src/media': 3,
  'src/recording': 3,
  'src/archive': 3,
  'src/telemetry': 3,
  'src/agents': 4,
  'src/actors': 5,
  'src/http': 6,
  'src/sockets': 6,
  'src/inspector': 6,
  'src/inspector/page': 7,
  'src/exchange': 7,
  'src/simulator': 9,
  'src/cli': 10,
  'src/examples': 10,
  'src/bench': 10,
  'src/soak': 10,
}

/** Files that lie in src itself, by the name of their level. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  foundation: [
    'absent-carrier',
    'bounded-text',
    'call-id',
    'call-view',
    'carrier',
    'clock',
    'config',
    'dial-limiter',
    'dial-pacer',
    'directory',
    'endpoints',
    'errors',
    'late-facts',
    'log',
    'loop-monitor',
    'loopback',
    'overflow-policy',
    'record-page',
    'recorder',
    'records',
    'viewer-session',
  ],
  composition: ['index', 'switchboard', 'web-server'],
}
const FILE_LEVELS: Readonly<Record<string, number>> = { foundation: 2, composition: 8 }

/** Packages that one place wraps for all others. */
const WRAPPED: Readonly<Record<string, readonly string[]>> = {
  twilio: ['src/twilio'],
  koa: ['src/http'],
  '@koa': ['src/http'],
  // What is measured beside ours is written as its own users would write it.
  ws: ['src/sockets', 'src/simulator', 'src/bench'],
  pino: ['foundation'],
  '@statelyai': ['src/inspector'],
  libsql: ['src/archive'],
  'prom-client': ['src/telemetry'],
  '@opentelemetry': ['src/telemetry'],
}

interface Place {
  readonly name: string
  readonly level: number
}

interface Source {
  readonly path: string
  readonly text: string
  readonly place: Place
}

function placeOf(path: string): Place | undefined {
  const parts = dirname(path).split('/')
  const folder = [3, 2, 1].map((depth) => parts.slice(0, depth).join('/')).find((name) => name in FOLDERS) ?? ''
  const level = FOLDERS[folder]
  if (level !== undefined) return { name: folder, level }
  const file = basename(path, '.ts')
  const group = Object.keys(FILES).find((name) => FILES[name]?.includes(file))
  if (dirname(path) !== 'src' || group === undefined) return undefined
  return { name: group, level: FILE_LEVELS[group] ?? 0 }
}

const paths = ['machines', 'src'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
)

const sources: readonly Source[] = paths.flatMap((path) => {
  const place = placeOf(path)
  return place === undefined ? [] : [{ path, place, text: readFileSync(join(root, path), 'utf8') }]
})

/** The code without its comments and with nothing else changed; none of ours hides a comment's sign in a string. */
function codeOf(text: string): string {
  return text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/g

function importsOf(text: string): string[] {
  return [...codeOf(text).matchAll(IMPORT)].map(([, from, bare]) => from ?? bare ?? '')
}

/** Whether code of one place may use code of another. */
function mayImport(from: Place, to: Place): boolean {
  if (from.name === to.name) return true
  // What is shipped for tests of any server must not know ours.
  if (from.name === 'src/simulator') return to.level <= 3
  // Errors and the clock, for everybody; not the other way about.
  if (from.name === 'src/audio' && to.name === 'foundation') return true
  return to.level < from.level
}

function complaints(check: (source: Source) => readonly string[]): string[] {
  return sources.flatMap((source) => check(source).map((complaint) => `${source.path}: ${complaint}`))
}

describe('the scanner of imports', () => {
  it('finds every kind of import, and none in a comment', () => {
    const code = [
      "import a from 'one'",
      "import type { B } from './two.ts'",
      "import {\n  c,\n  type D,\n} from '../three.ts'",
      "export * from './four.ts'",
      "export { e } from 'five'",
      "import 'six'",
      "const f = await import('./seven.ts')",
      "export type F = typeof import('eight')",
      "/** import x from 'nine' */",
      "// import x from 'ten'",
      " * import { y } from 'eleven'".replace('*', '/**') + ' */',
    ].join('\n')
    expect(importsOf(code)).toEqual([
      'one',
      './two.ts',
      '../three.ts',
      './four.ts',
      'five',
      'six',
      './seven.ts',
      'eight',
    ])
  })

  it('reads the whole project', () => {
    expect(sources.length).toBeGreaterThan(100)
    expect(sources.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(sources.length)
  })
})

describe('the house', () => {
  it('has a level for every file', () => {
    expect(paths.filter((path) => placeOf(path) === undefined)).toEqual([])
  })

  it('imports go down only', () => {
    const wrong = complaints(({ path, place, text }) =>
      importsOf(text)
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(root, resolve(root, dirname(path), name)))
        .filter((target) => {
          const to = placeOf(target)
          return to === undefined || !mayImport(place, to)
        })
        .map((target) => `imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('knows which way is down', () => {
    const place = (path: string): Place => placeOf(path) ?? { name: '', level: Number.NaN }
    const allowed = [
      ['src/actors/a.ts', 'src/media/b.ts'],
      ['src/media/a.ts', 'src/media/b.ts'],
      ['src/audio/a.ts', 'src/errors.ts'],
      ['src/config.ts', 'src/errors.ts'],
      ['src/simulator/a.ts', 'src/twilio/b.ts'],
      ['src/cli/a.ts', 'src/switchboard.ts'],
      ['src/index.ts', 'src/switchboard.ts'],
    ] as const
    const forbidden = [
      ['src/media/a.ts', 'src/actors/b.ts'],
      ['src/media/a.ts', 'src/twilio/b.ts'],
      ['src/http/a.ts', 'src/sockets/b.ts'],
      ['src/errors.ts', 'src/audio/b.ts'],
      ['src/simulator/a.ts', 'src/agents/b.ts'],
      ['src/simulator/a.ts', 'src/switchboard.ts'],
      ['src/exchange/a.ts', 'src/switchboard.ts'],
      ['src/cli/a.ts', 'src/examples/b.ts'],
      ['machines/a.ts', 'src/errors.ts'],
    ] as const
    expect(allowed.filter(([from, to]) => !mayImport(place(from), place(to)))).toEqual([])
    expect(forbidden.filter(([from, to]) => mayImport(place(from), place(to)))).toEqual([])
  })

  it('spells out the file that is imported, and it is there', () => {
    const wrong = complaints(({ path, text }) =>
      importsOf(text)
        .filter((name) => name.startsWith('.'))
        .filter((name) => !name.endsWith('.ts') || !existsSync(resolve(root, dirname(path), name)))
        .map((name) => `imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  it.each(Object.entries(WRAPPED))('lets the package %s in by %j alone', (name, places) => {
    const importers = sources.filter(({ text }) =>
      importsOf(text).some((each) => each === name || each.startsWith(`${name}/`)),
    )
    expect(importers.filter(({ place }) => !places.includes(place.name)).map(({ path }) => path)).toEqual([])
    // Each of them is needed: a rule that nothing follows is a slip in the rule.
    for (const place of places) expect(importers.map((importer) => importer.place.name)).toContain(place)
  })

  it('calls no file by a name that says nothing', () => {
    const vague = paths.filter((path) => /\b(?:utils?|helpers?|common|types?|managers?|misc)\b/.test(basename(path)))
    expect(vague).toEqual([])
  })

  it('has no state of its own: nothing at module level can change', () => {
    const wrong = complaints(({ text }) => {
      const lines = codeOf(text).split('\n')
      return lines.filter(
        (line) =>
          // A variable, or a collection that starts empty and so must be meant to be filled.
          /^(?:export\s+)?(?:let|var)\b/.test(line) ||
          /^(?:export\s+)?const\b[^=]*=\s*(?:new\s+(?:Map|Set|WeakMap|WeakSet|Array)\b(?:<.*>)?\(\s*\)|\[\]|\{\})\s*$/.test(
            line,
          ) ||
          /^export\s+const\b[^=]*=\s*new\b/.test(line),
      )
    })
    expect(wrong).toEqual([])
  })
})

describe('a folder', () => {
  const folders = [...new Set(sources.filter(({ path }) => dirname(path) !== 'src').map(({ place }) => place.name))]

  it.each(folders)('opens with a short README that names every file: %s', (folder) => {
    const readme = join(root, folder, 'README.md')
    expect(existsSync(readme), `expected ${folder}/README.md`).toBe(true)
    const text = readFileSync(readme, 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
    const files = sources.filter(({ place }) => place.name === folder).map(({ path }) => basename(path))
    expect(files.filter((file) => !text.includes(`\`${file}\``))).toEqual([])
  })

  it.each(folders)('names no file in its README that is not there: %s', (folder) => {
    const text = readFileSync(join(root, folder, 'README.md'), 'utf8')
    const files = new Set(sources.filter(({ place }) => place.name === folder).map(({ path }) => basename(path)))
    const listed = [...text.matchAll(/^- `([\w.-]+\.ts)`/gm)].map(([, name]) => name ?? '')
    expect(listed.filter((name) => !files.has(name))).toEqual([])
  })
})
