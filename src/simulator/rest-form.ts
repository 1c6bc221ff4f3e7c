/** Checks what stands in the form of a REST request; what is not allowed there is a {@link RestProblem}. */

import { RestProblem } from './rest-problem.ts'

interface Range {
  /** When nothing is given. */
  readonly standard: number
  readonly least: number
  readonly most: number
}

/** Undefined when nothing is given. */
export function choiceOf<T extends string>(
  params: URLSearchParams,
  name: string,
  expected: readonly T[],
): T | undefined {
  const given = params.get(name)
  if (given === null) return undefined
  const found = expected.find((value) => value === given)
  if (found !== undefined) return found
  throw new RestProblem(21218, 400, `expected ${name} ${expected.join(' or ')}, got ${given}`)
}

/** A whole number. */
export function numberOf(params: URLSearchParams, name: string, { standard, least, most }: Range): number {
  const given = params.get(name)
  if (given === null) return standard
  const number = Number(given)
  if (Number.isInteger(number) && number >= least && number <= most) return number
  throw new RestProblem(21218, 400, `expected ${name} from ${least} to ${most}, got ${given}`)
}
