import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context, Next } from 'koa'
import { HttpProblem } from './problem.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Lets a request by that carries the API token; without a token configured there is no API. */
export function requireApiToken(apiToken: string | undefined) {
  const expected = apiToken === undefined ? undefined : digest(apiToken)
  return async (context: Context, next: Next): Promise<void> => {
    if (expected === undefined) {
      throw new HttpProblem(403, 'API_DISABLED', 'expected CALLCHART_API_TOKEN to be set on the server, got none')
    }
    const given = /^Bearer (\S+)$/i.exec(context.get('authorization'))?.[1]
    // Digests are compared, so that neither length nor content shows in the timing.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) {
      context.set('WWW-Authenticate', 'Bearer')
      const got = given === undefined ? 'none' : 'another one'
      throw new HttpProblem(401, 'TOKEN_INVALID', `expected "Authorization: Bearer <API token>", got ${got}`)
    }
    await next()
  }
}
