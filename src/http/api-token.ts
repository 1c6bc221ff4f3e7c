import type { Context, Next } from 'koa'
import { API_DISABLED, bearerOf, createTokenCheck } from '../viewer-session.ts'
import { HttpProblem } from './problem.ts'
import type { RequestLimits } from './request-limits.ts'

/** Lets a request by that carries the API token and is not one too many; without a token configured there is no API. */
export function requireApiToken(apiToken: string | undefined, limits?: RequestLimits) {
  const isToken = apiToken === undefined ? undefined : createTokenCheck(apiToken)
  return async (context: Context, next: Next): Promise<void> => {
    if (isToken === undefined) throw new HttpProblem(API_DISABLED.status, API_DISABLED.code, API_DISABLED.detail)
    const given = bearerOf(context.get('authorization'))
    if (given === undefined || !isToken(given)) {
      context.set('WWW-Authenticate', 'Bearer')
      const got = given === undefined ? 'none' : 'another one'
      throw new HttpProblem(401, 'TOKEN_INVALID', `expected "Authorization: Bearer <API token>", got ${got}`)
    }
    limits?.admit(context, 'token')
    await next()
  }
}
