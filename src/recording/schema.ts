import { z } from 'zod'
import type { Happening, ReceivedMessage, SentMessage, StateName } from '../recorder.ts'
import type { Discretion } from './discretion.ts'

/** What a line may look like. A schema's message is the expectation as a noun. Unknown fields are ignored. */

export const FORMAT_VERSION = 1

const ROUTES = ['voice', 'next', 'status', 'detected', 'dialled', 'recorded'] as const

/** The first line. */
export interface Header extends Discretion {
  readonly at: 0
  readonly what: 'call'
  readonly version: typeof FORMAT_VERSION
  readonly id: string
  readonly direction: 'inbound' | 'outbound'
  readonly callSid?: string | undefined
  readonly from: string
  readonly to: string
  readonly agent: string
  /** ISO 8601. */
  readonly startedAt: string
}

/** Lines that the disk was too slow for. */
export interface Dropped {
  readonly what: 'dropped'
  readonly lines: number
}

export type Line = (Happening | Dropped) & {
  /** Milliseconds since the call was admitted. */
  readonly at: number
}

const text = z.string('a string')
const flag = z.boolean('true or false')
const count = z.int('a whole number').nonnegative('a number from 0')
const ordinal = z.int('a whole number').positive('a number from 1')
const at = z.number('a number of milliseconds').nonnegative('a number of milliseconds')
/** Base64, unless the carrier sent something else: a recording has what came. */
const payload = text.optional()

export const header = z.object(
  {
    at: z.literal(0, '0'),
    what: z.literal('call', '"call", as in the first line of a recording'),
    version: z.literal(FORMAT_VERSION, `the format's version ${FORMAT_VERSION}`),
    id: text,
    direction: z.enum(['inbound', 'outbound'], 'inbound or outbound'),
    callSid: text.optional(),
    from: text,
    to: text,
    agent: text,
    startedAt: text,
    audio: flag,
    numbers: flag,
  },
  'an object',
) satisfies z.ZodType<Header>

const received = z.discriminatedUnion(
  'event',
  [
    z.object({ event: z.literal('start'), streamSid: text }),
    z.object({ event: z.literal('media'), sequence: count, timestampMs: count, bytes: count, payload }),
    z.object({ event: z.literal('dtmf'), sequence: count, digit: text.regex(/^[0-9*#A-D]$/, 'one key').optional() }),
    z.object({ event: z.literal('mark'), sequence: count, name: text }),
    z.object({ event: z.literal('stop') }),
  ],
  'start, media, dtmf, mark or stop',
) satisfies z.ZodType<ReceivedMessage>

const sent = z.discriminatedUnion(
  'event',
  [
    z.object({ event: z.literal('media'), bytes: count, payload }),
    z.object({ event: z.literal('mark'), name: text }),
    z.object({ event: z.literal('clear') }),
    z.object({ event: z.literal('close') }),
  ],
  'media, mark, clear or close',
) satisfies z.ZodType<SentMessage>

const stateName: z.ZodType<StateName> = z.lazy(() => z.union([text, z.record(z.string(), stateName)], 'a state'))

export const line = z.discriminatedUnion(
  'what',
  [
    z.object({
      at,
      what: z.literal('webhook'),
      route: z.enum(ROUTES, `one of ${ROUTES.join(', ')}`),
      callStatus: text,
      twiml: z.enum(['Connect', 'Reject', 'Hangup'], 'Connect, Reject or Hangup').optional(),
    }),
    z.object({
      at,
      what: z.literal('rest'),
      command: text,
      outcome: z.enum(['asked', 'done', 'failed'], 'asked, done or failed'),
      code: text.optional(),
      status: count.optional(),
    }),
    z.object({ at, what: z.literal('received'), stream: ordinal, message: received }),
    z.object({ at, what: z.literal('sent'), stream: ordinal, message: sent }),
    z.object({ at, what: z.literal('lost'), stream: ordinal, cause: text }),
    z.object({ at, what: z.literal('malformed'), stream: ordinal }),
    z.object({
      at,
      what: z.literal('transition'),
      actor: text.optional(),
      event: text,
      from: text.optional(),
      fields: z.record(z.string(), z.union([text, z.number(), flag], 'a plain value'), 'an object').optional(),
      edges: z.array(text, 'a list').optional(),
      before: stateName,
      after: stateName,
    }),
    z.object({
      at,
      what: z.literal('child'),
      id: text,
      src: text,
      status: z.enum(['started', 'stopped'], 'started or stopped'),
    }),
    z.object({ at, what: z.literal('joined'), state: stateName }),
    z.object({ at, what: z.literal('dropped'), lines: count }),
    z.object({
      at,
      what: z.literal('end'),
      state: text,
      reason: text,
      cause: text.optional(),
      stats: z.record(z.string(), z.unknown(), 'an object'),
    }),
  ],
  'webhook, rest, received, sent, lost, malformed, transition, child, joined, dropped or end',
) satisfies z.ZodType<Line>
