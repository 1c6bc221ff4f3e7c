import type { Context, Next } from 'koa'
import {
  AdmissionError,
  CallchartError,
  CarrierError,
  ConfigurationError,
  type ErrorCode,
  UsageError,
} from '../errors.ts'
import type { Logger } from '../log.ts'

/** A refusal that has no error class of its own: it only exists over HTTP. */
export class HttpProblem extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

const ADMISSION_STATUS: Partial<Record<ErrorCode, number>> = {
  DESTINATION_NOT_ALLOWED: 403,
  DIAL_LIMIT: 429,
  DIAL_QUEUE_FULL: 429,
  NODE_FULL: 503,
  NODE_OVERLOADED: 503,
  NODE_DRAINING: 503,
}

/** What was asked for makes sense, but not now. */
const CONFLICTS = new Set<ErrorCode>(['CALL_OVER', 'CALL_BUSY'])

interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
  /** In seconds: when it is worth trying again. */
  readonly retryAfter?: number
  readonly carrier?: { readonly code: number | null; readonly status: number | null }
}

function toProblem(error: unknown): Problem | undefined {
  if (error instanceof HttpProblem) return { status: error.status, code: error.code, detail: error.message }
  if (!(error instanceof CallchartError)) return undefined
  const problem = { code: error.code, detail: error.message }
  if (error instanceof AdmissionError) {
    const { retryAfterMs } = error
    const retry = retryAfterMs === undefined ? {} : { retryAfter: Math.max(1, Math.ceil(retryAfterMs / 1_000)) }
    return { status: ADMISSION_STATUS[error.code] ?? 503, ...problem, ...retry }
  }
  if (error instanceof UsageError) return { status: CONFLICTS.has(error.code) ? 409 : 400, ...problem }
  if (error instanceof ConfigurationError && error.code === 'AGENT_UNKNOWN') return { status: 400, ...problem }
  if (error instanceof CarrierError) {
    return { status: 502, ...problem, carrier: { code: error.carrierCode ?? null, status: error.status ?? null } }
  }
  return undefined
}

/** What the router says by status alone: no such route, or not by this method (501 for one that no route has). */
function requireAnswered(context: Context): void {
  const { status, method, path } = context
  if (context.body !== undefined) return
  if (status === 404) throw new HttpProblem(404, 'NOT_FOUND', `expected a documented route, got ${method} ${path}`)
  if (status !== 405 && status !== 501) return
  const allowed = context.response.get('Allow') || 'a documented method'
  throw new HttpProblem(status, 'METHOD_NOT_ALLOWED', `expected ${allowed}, got ${method} ${path}`)
}

/** The one error path: what was thrown on purpose is explained; anything else is our bug, logged, and told as no more. */
export function answerProblems(logger: Logger) {
  return async (context: Context, next: Next): Promise<void> => {
    try {
      await next()
      requireAnswered(context)
    } catch (error) {
      const problem = toProblem(error)
      if (problem === undefined) logger.error({ err: error, path: context.path }, 'request failed')
      sendProblem(context, problem ?? { status: 500, code: 'INTERNAL_ERROR', detail: 'something went wrong here' })
    }
  }
}

function sendProblem(context: Context, { retryAfter, ...problem }: Problem): void {
  context.status = problem.status
  if (retryAfter !== undefined) context.set('Retry-After', String(retryAfter))
  context.body = JSON.stringify({ type: 'about:blank', title: titleOf(problem.code), ...problem })
  context.type = 'application/problem+json'
}

/** `DIAL_LIMIT` -> `Dial limit`. */
function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
