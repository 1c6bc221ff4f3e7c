import type { ParsedUrlQuery } from 'node:querystring'
import { z } from 'zod'
import { callMachine } from '../../machines/index.ts'
import type { RecordQuery } from '../records.ts'
import { HttpProblem } from './problem.ts'

/** A page unless told, and the longest there is. */
const ROWS = 100
const MOST_ROWS = 1_000
/** The longest SIP URI that a carrier takes is shorter. */
const LONGEST_NUMBER = 256
const LONGEST_CURSOR = 1_024
/** Enough to recognise one's own words by. */
const LONGEST_ECHO = 80

const STATES = Object.keys(callMachine.states)

// A schema's message is the expectation as a noun.
const TIME = 'a date, or an ISO 8601 time with its offset such as 2026-11-25T10:00:00Z'

const time = z
  .string(TIME)
  // A plus sign that was not escaped is a blank by now.
  .transform((text) => text.replace(' ', '+'))
  .pipe(z.union([z.iso.date(), z.iso.datetime({ offset: true })], TIME))
  .transform((text) => Date.parse(text))

const NUMBER = 'a telephone number, or whatever else the carrier calls a party'
const CURSOR = 'the nextCursor of another page'
const LIMIT = `a whole number from 1 to ${MOST_ROWS}`

const callsQuery = z
  .strictObject({
    since: time.optional(),
    until: time.optional(),
    number: z
      .string(NUMBER)
      .min(1, NUMBER)
      .max(LONGEST_NUMBER, NUMBER)
      .transform((text) => text.replace(/^ /, '+'))
      .optional(),
    state: z.enum(STATES, `one of ${STATES.join(', ')}`).optional(),
    cursor: z.string(CURSOR).min(1, CURSOR).max(LONGEST_CURSOR, CURSOR).optional(),
    limit: z
      .string(LIMIT)
      .regex(/^[1-9]\d*$/, LIMIT)
      .transform(Number)
      .refine((limit) => limit <= MOST_ROWS, LIMIT)
      .optional(),
  })
  .refine(({ since, until }) => since === undefined || until === undefined || since < until, {
    path: ['until'],
    error: 'a time after since',
  })

/** Which calls `GET /calls` asks for. A date stands for its first moment in UTC. Throws HttpProblem 400 `QUERY_INVALID`. */
export function parseCallsQuery(query: ParsedUrlQuery): RecordQuery {
  const parsed = callsQuery.safeParse(query)
  if (parsed.success) return { ...parsed.data, limit: parsed.data.limit ?? ROWS }
  const wrong = parsed.error.issues.map((issue) => objection(issue, query))
  throw new HttpProblem(400, 'QUERY_INVALID', `expected ${wrong.join('; expected ')}`)
}

function objection(issue: z.core.$ZodIssue, query: ParsedUrlQuery): string {
  if (issue.code === 'unrecognized_keys') {
    return `no parameters but ${Object.keys(callsQuery.shape).join(', ')}, got ${issue.keys.join(', ').slice(0, LONGEST_ECHO)}`
  }
  const name = String(issue.path[0])
  return `${name} to be ${issue.message}, got ${JSON.stringify(query[name]).slice(0, LONGEST_ECHO)}`
}
