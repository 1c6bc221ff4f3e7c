import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { describe } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { parseRecording, RecordingProblem } from '../../src/inspector/page/recording-text.ts'
import { readRecording } from '../../src/recording/recording.ts'
import type { Line } from '../../src/recording/schema.ts'
import { END, fileOf, HEADER } from '../recording/lines.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedJson } from './mutated-json.ts'
import { mutatedText } from './mutated-text.ts'
import { must, verdictOf } from './verdict.ts'

const RECORDING = { of: UsageError, codes: ['RECORDING_INVALID'] } as const
/** The page has no codes: its complaints are read by whoever opened the file. */
const PROBLEM = { of: RecordingProblem, codes: [undefined] } as const

const MEDIA_IN = { event: 'media', sequence: 2, timestampMs: 155, bytes: 160, payload: '//8=' }
const LINES = [
  { at: 0.5, what: 'webhook', route: 'voice', callStatus: 'ringing', twiml: 'Connect' },
  { at: 1, what: 'rest', command: 'hangUp', outcome: 'failed', code: 'CARRIER_REFUSED', status: 404 },
  { at: 2, what: 'received', stream: 1, message: { event: 'start', streamSid: 'MZ0' } },
  { at: 3, what: 'received', stream: 1, message: MEDIA_IN },
  { at: 4, what: 'received', stream: 1, message: { event: 'dtmf', sequence: 3, digit: '#' } },
  { at: 5, what: 'sent', stream: 1, message: { event: 'media', bytes: 160, payload: '//8=' } },
  { at: 5, what: 'sent', stream: 1, message: { event: 'mark', name: 'm1' } },
  { at: 6, what: 'lost', stream: 1, cause: 'reset' },
  { at: 7, what: 'malformed', stream: 1 },
  {
    at: 7.5,
    what: 'transition',
    actor: 'switchboard',
    event: 'stream.lost',
    from: 'inbound',
    fields: { cause: 'reset', attempt: 2, isLast: false },
    edges: ['lost'],
    before: { active: { floor: 'listening', stream: 'flowing' } },
    after: { active: { floor: 'listening', stream: 'lost' } },
  },
  { at: 8, what: 'child', id: 'inbound', src: 'inbound', status: 'started' },
  { at: 8, what: 'joined', state: 'active' },
  { at: 8, what: 'dropped', lines: 12 },
  END,
]

/** Files of a header and lines, some of them altered, or damaged as a whole. */
const files = fc.oneof(
  fc
    .tuple(mutatedJson([HEADER]), fc.array(mutatedJson(LINES), { maxLength: 3 }), fc.nat(3))
    .map(([header, lines, kept]) => [kept > 0 ? JSON.stringify(HEADER) : header, ...lines].join('\n')),
  mutatedText([fileOf(HEADER, ...LINES), fileOf(HEADER, END)]),
  fc.string({ unit: 'binary' }),
)

/** By the server and by the page, which must not differ about what a recording is. */
function read(text: string): string {
  const server = verdictOf(() => readRecording(text), RECORDING)
  const page = verdictOf(() => parseRecording(text), PROBLEM)
  if (server.is === 'refused') return 'refused'
  if (page.is === 'refused') {
    // What has this name the server passes over, and the page looks at.
    must(text.includes('"__proto__"'), `expected the page to show what the server takes, got ${page.message}`)
    return 'read'
  }
  // It passes over media by the look of it, wherever in a line it stands.
  const rows = text
    .split('\n')
    .slice(1)
    .filter((row) => row.trim() !== '')
  const shown = server.value.lines.filter((_, index) => !rows[index]?.includes('"event":"media"'))
  const moments = (lines: readonly Line[]) => lines.map(({ at, what }) => [at, what])
  must(isDeepStrictEqual(moments(page.value.lines), moments(shown)), 'expected the page to show the same lines')
  return 'read'
}

describe('a recording', () => {
  barrage('is read or is a RECORDING_INVALID, and the page shows whatever the server takes', {
    cases: files,
    outcome: read,
    outcomes: ['read', 'refused'],
  })

  growsLinearly(
    'takes time in proportion to its length',
    read,
    {
      'many lines': (size) => fileOf(HEADER, ...Array.from({ length: size / 80 }, () => LINES[9] ?? END)),
      'many empty lines': (size) => fileOf(HEADER) + '\n'.repeat(size),
      'a long line': (size) => fileOf(HEADER, { ...END, cause: 'x'.repeat(size) }),
      'a state with many parts': (size) =>
        fileOf(HEADER, {
          at: 1,
          what: 'joined',
          state: Object.fromEntries(Array.from({ length: size / 12 }, (_, at) => [at, 'x'])),
        }),
      'many edges': (size) => fileOf(HEADER, { ...LINES[9], edges: Array.from({ length: size / 4 }, () => 'x') }),
      'a line that is no JSON': (size) => `${fileOf(HEADER)}${'{"a":'.repeat(size / 5)}\n`,
    },
    8_000,
  )
})
