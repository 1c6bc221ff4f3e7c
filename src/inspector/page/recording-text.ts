import type { Header, Line } from '../../recording/schema.ts'

/** Rather more than an hour of a call with its audio. */
const MAX_BYTES = 256 * 1024 * 1024
const LONGEST_EXCERPT = 60

export interface RecordingText {
  readonly call: Header
  readonly lines: Line[]
}

/** What is wrong with the text, and in which line. */
export class RecordingProblem extends Error {}

/**
 * Reads a recording as `callchart serve --record` writes it, as far as it is shown here: media is left out. Throws
 * {@link RecordingProblem} with the line's number, what was expected and what came. A last line that breaks off, as when
 * the process died, is left out.
 */
export function parseRecording(text: string): RecordingText {
  if (text.length > MAX_BYTES) throw new RecordingProblem(`expected at most 256 MiB, got ${text.length} bytes`)
  const rows = text.split('\n').map((row, index) => ({ row, number: index + 1 }))
  const last = rows.pop()
  if (last && isJson(last.row)) rows.push(last)
  const [first, ...others] = rows
  if (!first) throw new RecordingProblem('line 1: expected the first line of a recording, got an empty file')
  const call = read(1, () => parseHeader(first.row))
  const written = others.filter(({ row }) => row.trim() !== '')
  return { call, lines: written.flatMap(({ row, number }) => read(number, () => parseLine(row, number))) }
}

/** Of what is nested ten thousand deep neither a state nor an excerpt can be made: the stack ends. */
function read<T>(at: number, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RecordingProblem(`line ${at}: expected a line of a recording, got one that is nested too deeply`)
  }
}

type Row = Readonly<Record<string, unknown>>
/** Field, what it is expected to be, and whether it is. */
type Expectation = readonly [path: string, expected: string, isMet: (value: unknown) => boolean]

const isText = (value: unknown) => typeof value === 'string'
const text = (path: string): Expectation => [path, 'a string', isText]
const number = (path: string): Expectation => [path, 'a number', (value) => typeof value === 'number']
const state = (path: string): Expectation => [path, 'a state', isStateName]
const oneOf = (path: string, ...words: readonly string[]): Expectation => [
  path,
  words.join(', ').replace(/, ([^,]*)$/, ' or $1'),
  (value) => words.some((word) => word === value),
]
const maybe = ([path, expected, isMet]: Expectation): Expectation => [
  path,
  expected,
  (value) => value === undefined || isMet(value),
]

const HEADER: readonly Expectation[] = [
  ['what', '"call", as in the first line of a recording', (value) => value === 'call'],
  ['version', "the format's version 1", (value) => value === 1],
  text('id'),
  oneOf('direction', 'inbound', 'outbound'),
  ...['from', 'to', 'agent', 'startedAt'].map(text),
]

const message = (...events: readonly string[]) => [number('stream'), oneOf('message.event', ...events)]

const LINES: Readonly<Record<Line['what'], readonly Expectation[]>> = {
  webhook: [oneOf('route', 'voice', 'next', 'status', 'detected', 'dialled', 'recorded'), text('callStatus')],
  rest: [text('command'), oneOf('outcome', 'asked', 'done', 'failed')],
  received: message('start', 'media', 'dtmf', 'mark', 'stop'),
  sent: message('media', 'mark', 'clear', 'close'),
  lost: [number('stream'), text('cause')],
  malformed: [number('stream')],
  transition: [
    maybe(text('actor')),
    text('event'),
    maybe(text('from')),
    maybe(['fields', 'an object', isObject]),
    maybe(['edges', 'a list of strings', (value) => Array.isArray(value) && value.every(isText)]),
    state('before'),
    state('after'),
  ],
  child: [text('id'), text('src'), oneOf('status', 'started', 'stopped')],
  joined: [state('state')],
  dropped: [number('lines')],
  end: [text('state'), text('reason')],
}

const LINE: readonly Expectation[] = [
  ['at', 'a number of milliseconds', (value) => typeof value === 'number' && value >= 0],
  oneOf('what', ...Object.keys(LINES)),
]

function parseHeader(row: string): Header {
  const call = parseRow(row, 1)
  check(call, HEADER, 1)
  return call as unknown as Header
}

function parseLine(row: string, at: number): Line[] {
  // Of a recording with audio nearly every line is media: they need not be read.
  if (row.includes('"event":"media"')) return []
  const line = parseRow(row, at)
  check(line, LINE, at)
  check(line, LINES[line['what'] as Line['what']], at)
  return [line as unknown as Line]
}

function parseRow(row: string, at: number): Row {
  const value: unknown = isJson(row) ? JSON.parse(row) : row
  if (!isObject(value)) throw new RecordingProblem(`line ${at}: expected a JSON object, got ${excerpt(value)}`)
  return value
}

function check(row: Row, expectations: readonly Expectation[], at: number): void {
  for (const [path, expected, isMet] of expectations) {
    const value = path.split('.').reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), row)
    if (!isMet(value)) {
      throw new RecordingProblem(`line ${at}: expected ${path} to be ${expected}, got ${excerpt(value)}`)
    }
  }
}

function isObject(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStateName(value: unknown): boolean {
  return isText(value) || (isObject(value) && Object.values(value).every(isStateName))
}

function isJson(row: string): boolean {
  try {
    JSON.parse(row)
    return true
  } catch {
    return false
  }
}

function excerpt(value: unknown): string {
  if (value === undefined) return 'nothing'
  const whole = JSON.stringify(value)
  return whole.length <= LONGEST_EXCERPT ? whole : `${whole.slice(0, LONGEST_EXCERPT)}...`
}
