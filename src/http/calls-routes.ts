import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { requireApiToken } from './api-token.ts'
import { boundedText } from '../bounded-text.ts'
import { OVERFLOW_POLICIES } from '../overflow-policy.ts'
import { readJson } from './body.ts'
import { parseCallsQuery } from './calls-query.ts'
import type { CallsDesk, RecordingWish } from './desks.ts'
import { HttpProblem } from './problem.ts'
import type { RequestLimits } from './request-limits.ts'

const seconds = (least: number, most: number) => z.number().min(least).max(most)
// Twilio's own bounds for Timeout.
const ringSeconds = z.int().min(1).max(600)

const dialBody = z.strictObject({
  to: z.string(),
  from: z.string().optional(),
  agent: z.string().optional(),
  parameters: z
    .record(boundedText(200), boundedText(4_000))
    .refine((parameters) => Object.keys(parameters).length <= 50, 'expected at most 50 parameters')
    .optional(),
  timeLimitSeconds: z.int().min(1).max(86_400).optional(),
  ringTimeoutSeconds: ringSeconds.optional(),
  record: z.boolean().optional(),
  overflow: z.enum(OVERFLOW_POLICIES).optional(),
  machineDetection: z.enum(['enable', 'detectMessageEnd']).optional(),
  timers: z
    .strictObject({
      streamSeconds: seconds(1, 600).optional(),
      silenceSeconds: seconds(1, 3_600).optional(),
      idleSeconds: seconds(0, 86_400).optional(),
      agentSilenceSeconds: seconds(0, 86_400).optional(),
    })
    .optional(),
})

const transferBody = z.strictObject({
  to: z.string(),
  from: z.string().optional(),
  agent: z.string().optional(),
  ringTimeoutSeconds: z.int().min(5).max(600).optional(),
})

const recordingBody = z.strictObject({ channels: z.enum(['mono', 'dual']).optional() })
const recordingChange = z.strictObject({ status: z.enum(['paused', 'in-progress']) })

const digitsBody = z.strictObject({ digits: z.string() })

export interface CallsRoutesOptions {
  readonly desk: CallsDesk
  readonly apiToken: string | undefined
  readonly limits?: RequestLimits
}

/** What the application asks of us. */
export function addCallsRoutes(router: Router, { desk, apiToken, limits }: CallsRoutesOptions): void {
  const authorized = requireApiToken(apiToken, limits)

  router.post('/calls', authorized, readJson, answerDial(desk))

  router.get('/calls', authorized, async (context) => {
    context.body = await desk.list(parseCallsQuery(context.query))
  })

  router.get('/calls/:id', authorized, async (context) => {
    context.body = requireCall(context, await desk.find(idOf(context)))
  })

  router.delete('/calls/:id', authorized, answerHangUp(desk))

  router.post('/calls/:id/digits', authorized, readJson, async (context) => {
    const { digits } = parseBody(context, digitsBody)
    context.body = requireCall(context, await desk.sendDigits(idOf(context), digits))
  })

  router.post('/calls/:id/transfer', authorized, readJson, answerTransfer(desk))

  router.post('/calls/:id/hold', authorized, answerHold(desk, 'hold'))
  router.delete('/calls/:id/hold', authorized, answerHold(desk, 'resume'))

  router.post('/calls/:id/recording', authorized, readJson, answerRecording(desk, 'start'))
  router.patch('/calls/:id/recording', authorized, readJson, answerRecording(desk, 'change'))
  router.delete('/calls/:id/recording', authorized, answerRecording(desk, 'stop'))
}

/** Hands the call that the path names over to somebody else; how that comes out is told by its events and record. */
export function answerTransfer(desk: CallsDesk) {
  return async (context: Context): Promise<void> => {
    context.body = requireCall(context, await desk.transfer(idOf(context), parseBody(context, transferBody)))
    context.status = 202
  }
}

export function answerHold(desk: CallsDesk, wish: 'hold' | 'resume') {
  return async (context: Context): Promise<void> => {
    context.body = requireCall(context, await desk.hold(idOf(context), wish))
  }
}

export function answerRecording(desk: CallsDesk, what: 'start' | 'change' | 'stop') {
  return async (context: Context): Promise<void> => {
    context.body = requireCall(context, await desk.record(idOf(context), recordingWish(context, what)))
  }
}

function recordingWish(context: Context, what: 'start' | 'change' | 'stop'): RecordingWish {
  if (what === 'stop') return { do: 'stop' }
  if (what === 'change') {
    return { do: parseBody(context, recordingChange).status === 'paused' ? 'pause' : 'resume' }
  }
  // There is nothing that a body must say.
  const isBare = (context.request.rawBody ?? '') === ''
  return { do: 'start', ...(isBare ? {} : parseBody(context, recordingBody)) }
}

/** Places the call that the JSON body asks for. */
export function answerDial(desk: CallsDesk) {
  return async (context: Context): Promise<void> => {
    const { call, isQueued } = await desk.dial(parseBody(context, dialBody))
    context.status = isQueued ? 202 : 201
    context.set('Location', `/calls/${call.id}`)
    context.body = call
  }
}

/** Hangs up the call that the path names. */
export function answerHangUp(desk: CallsDesk) {
  return async (context: Context): Promise<void> => {
    context.body = requireCall(context, await desk.hangUp(idOf(context)))
  }
}

export function idOf(context: Context): string {
  return String(context['params'].id)
}

function parseBody<T>(context: Context, schema: z.ZodType<T>): T {
  if (context.request.rawBody === undefined) {
    const got = context.get('content-type') || 'none'
    throw new HttpProblem(400, 'BODY_INVALID', `expected a JSON body (Content-Type: application/json), got ${got}`)
  }
  const parsed = schema.safeParse(context.request.body)
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
  throw new HttpProblem(400, 'BODY_INVALID', `expected a JSON body of the documented form, got ${wrong.join('; ')}`)
}

/** What was found of the call that the path names. Throws a 404 if that is nothing. */
export function requireCall<T>(context: Context, found: T | undefined): T {
  if (found !== undefined) return found
  throw new HttpProblem(404, 'CALL_UNKNOWN', `expected the id or CallSid of a call of this node, got ${idOf(context)}`)
}
