import { parse } from 'node:querystring'
import * as fc from 'fast-check'
import { describe } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { parseCallsQuery } from '../../src/http/calls-query.ts'
import { HttpProblem } from '../../src/http/problem.ts'
import { pageOf } from '../../src/record-page.ts'
import type { CallRecord } from '../../src/records.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedFormText } from './mutated-form.ts'
import { mutatedText } from './mutated-text.ts'
import { must, verdictOf } from './verdict.ts'

const QUERY = { of: HttpProblem, codes: ['QUERY_INVALID'] } as const
const CURSOR = { of: UsageError, codes: ['QUERY_INVALID'] } as const

const ROWS = Array.from({ length: 5 }, (_, index) => ({ startedAt: 1_000 * index, id: `call_${index}` }) as CallRecord)
const { cursor = '' } = pageOf(ROWS, { limit: 2 })

const queries = mutatedFormText([
  [
    ['since', '2026-11-25T10:00:00Z'],
    ['until', '2026-11-26'],
    ['number', '+15551234567'],
    ['state', 'ended'],
    ['limit', '50'],
  ],
  [
    ['since', '2026-11-25T10:00:00+01:00'],
    ['cursor', cursor],
  ],
])

function read(text: string): 'read' | 'refused' {
  const verdict = verdictOf(() => parseCallsQuery(parse(text)), QUERY)
  if (verdict.is === 'refused') return 'refused'
  const { since, until, number, limit, state } = verdict.value
  must(Number.isInteger(limit) && limit >= 1 && limit <= 1_000, `expected a limit, got ${limit}`)
  for (const time of [since, until])
    must(time === undefined || Number.isSafeInteger(time), `expected a time, got ${time}`)
  must(since === undefined || until === undefined || since < until, 'expected since before until')
  must(number === undefined || (number !== '' && Array.from(number).length <= 256), 'expected a number of some length')
  must(state === undefined || /^[a-z]+$/.test(state), `expected the name of a state, got ${state}`)
  // What was let in makes sense to whoever keeps the calls, but for a cursor of somebody else's making.
  verdictOf(() => pageOf(ROWS, verdict.value), CURSOR)
  return 'read'
}

describe('the query of a list of calls', () => {
  barrage('is read or is a QUERY_INVALID', {
    cases: fc.oneof(queries, fc.string({ unit: 'binary' })),
    outcome: read,
    outcomes: ['read', 'refused'],
  })

  barrage('goes on where a cursor says, or is a QUERY_INVALID for a cursor that nobody gave', {
    cases: mutatedText([cursor, Buffer.from('[1000,"call_1"]').toString('base64url')]),
    outcome: (text) => {
      const verdict = verdictOf(() => pageOf(ROWS, { limit: 2, cursor: text }), CURSOR)
      if (verdict.is === 'refused') return 'refused'
      const place = JSON.parse(Buffer.from(text, 'base64url').toString()) as [number, string]
      const isAfter = ({ startedAt, id }: CallRecord) =>
        startedAt < place[0] || (startedAt === place[0] && id < place[1])
      must(verdict.value.records.every(isAfter), 'expected what comes after the cursor')
      return 'read'
    },
    outcomes: ['read', 'refused'],
  })

  growsLinearly(
    'takes time in proportion to its length',
    read,
    {
      'many parameters': (size) => Array.from({ length: size / 8 }, (_, at) => `p${at}=1`).join('&'),
      'one parameter, again and again': (size) => 'number=1&'.repeat(size / 9),
      'a long time': (size) => `since=2026-11-25T10:00:00.${'0'.repeat(size)}Z`,
      'a time of blanks': (size) => `since=${'+'.repeat(size)}`,
      'a long number': (size) => `number=${'1'.repeat(size)}`,
      'a long limit': (size) => `limit=${'1'.repeat(size)}`,
      'a long cursor': (size) => `cursor=${'W'.repeat(size)}`,
    },
    8_000,
  )
})
