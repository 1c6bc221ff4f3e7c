import type { ErrorCode } from '../../src/errors.ts'

/** What a parser made of its input. */
export type Verdict<T> =
  | { readonly is: 'read'; readonly value: T }
  | { readonly is: 'refused'; readonly message: string }

interface Coded extends Error {
  readonly code: string
}

export interface Refusal {
  readonly of: abstract new (...args: never) => Error
  /** Those that are documented. */
  readonly codes: readonly (ErrorCode | undefined)[]
}

/** A complaint ends up in a log, or with somebody who has to read it. */
const LONGEST_COMPLAINT = 1_000

/** Runs a parser that may throw nothing but what it documents; whatever else it throws is thrown on. */
export function verdictOf<T>(parse: () => T, refusal: Refusal): Verdict<T> {
  try {
    return { is: 'read', value: parse() }
  } catch (error) {
    if (!isDocumented(error, refusal)) throw error
    const { message } = error
    must(message.length <= LONGEST_COMPLAINT, `expected a complaint of a line, got ${message.length} characters`)
    must(/\bexpected [^]+\bgot /.test(message), `expected what was expected and what came, got ${message}`)
    return { is: 'refused', message }
  }
}

function isDocumented(error: unknown, { of, codes }: Refusal): error is Error {
  return error instanceof of && codes.includes((error as Partial<Coded>).code as ErrorCode | undefined)
}

/** Like `expect`, and a hundred times as fast. */
export function must(isSo: boolean, complaint: string): asserts isSo {
  if (!isSo) throw new Error(complaint)
}
