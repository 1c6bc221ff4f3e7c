import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { requireApiToken } from './api-token.ts'
import { readJson } from './body.ts'
import type { CallsDesk } from './desks.ts'
import { HttpProblem } from './problem.ts'

const dialBody = z.strictObject({
  to: z.string(),
  from: z.string().optional(),
  agent: z.string().optional(),
  parameters: z
    .record(z.string().max(200), z.string().max(4_000))
    .refine((parameters) => Object.keys(parameters).length <= 50, 'expected at most 50 parameters')
    .optional(),
  timeLimitSeconds: z.int().min(1).max(86_400).optional(),
  // Twilio's own bounds for Timeout.
  ringTimeoutSeconds: z.int().min(1).max(600).optional(),
})

const digitsBody = z.strictObject({ digits: z.string() })

export interface CallsRoutesOptions {
  readonly desk: CallsDesk
  readonly apiToken: string | undefined
}

/** What the application asks of us. */
export function addCallsRoutes(router: Router, { desk, apiToken }: CallsRoutesOptions): void {
  const authorized = requireApiToken(apiToken)

  router.post('/calls', authorized, readJson, answerDial(desk))

  router.get('/calls', authorized, (context) => {
    context.body = { calls: desk.list() }
  })

  router.get('/calls/:id', authorized, (context) => {
    context.body = requireCall(context, desk.find(idOf(context)))
  })

  router.delete('/calls/:id', authorized, answerHangUp(desk))

  router.post('/calls/:id/digits', authorized, readJson, (context) => {
    const { digits } = parseBody(context, digitsBody)
    context.body = requireCall(context, desk.sendDigits(idOf(context), digits))
  })
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
