import { bodyParser } from '@koa/bodyparser'
import { messageOf } from '../errors.ts'
import { HttpProblem } from './problem.ts'

/** Every documented body is a few hundred bytes. */
const LIMIT = '64kb'

/** Reads a JSON body; without one of that type, `rawBody` stays undefined. */
export const readJson = bodyParser({ enableTypes: ['json'], jsonLimit: LIMIT, onError: refuse })

/** Reads a form as text: a parser that tidies values would break its signature, and one that nests them is a risk. */
export const readForm = bodyParser({
  enableTypes: ['text'],
  extendTypes: { text: ['application/x-www-form-urlencoded'] },
  textLimit: LIMIT,
  onError: refuse,
})

/** Whatever keeps a body from being read is its sender's doing; the parser marks only some of it as such. */
function refuse(error: Error & { readonly status?: number }): never {
  if (error.status === 413)
    throw new HttpProblem(413, 'BODY_TOO_LARGE', `expected a body of at most ${LIMIT}, got more`)
  throw new HttpProblem(400, 'BODY_INVALID', `expected a body of the documented form, got: ${messageOf(error)}`)
}
