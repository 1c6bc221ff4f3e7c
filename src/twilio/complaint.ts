/**
 * What to say of a value that does not fit: "expected start.callSid to be X, got Y". What came from outside is quoted
 * briefly, since an error message ends up in logs: never a payload, never more than a line.
 */

import type { z } from 'zod'

const LONGEST_EXCERPT = 80

/** A one-line picture of any value, at most about 80 characters, with control characters escaped. */
export function excerpt(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return `a value of type ${typeof value}`
  if (value.length <= LONGEST_EXCERPT) return JSON.stringify(value)
  return `${JSON.stringify(value.slice(0, LONGEST_EXCERPT))}... (${value.length} characters)`
}

/**
 * The first thing wrong with `input`, in words. The schema's own messages are the expectation as a noun ("a string of
 * digits"); zod gives the place.
 */
export function complaint(error: z.ZodError, input: unknown): string {
  const [issue] = error.issues
  if (issue === undefined) return 'expected something else'
  // A key may be as long as the message it came in.
  const place = issue.path.map(String).join('.').slice(0, LONGEST_EXCERPT)
  const what = place === '' ? 'the message' : place
  return `expected ${what} to be ${issue.message}, got ${pictured(issue, valueAt(input, issue.path))}`
}

/**
 * Audio, keys pressed and parameters are the callers' and the application's own: of those, only the kind and the size are
 * told.
 */
const PRIVATE = new Set<PropertyKey>(['payload', 'digit', 'customParameters'])

function pictured(issue: z.core.$ZodIssue, value: unknown): string {
  return isPrivate(issue) ? outlined(value) : excerpt(value)
}

/** What stands in the place of an object may be all that belongs into it. */
function isPrivate(issue: z.core.$ZodIssue): boolean {
  const isMisshapen = issue.code === 'invalid_type' && /^(?:object|record|array)$/.test(issue.expected)
  return isMisshapen || issue.path.some((key) => PRIVATE.has(key))
}

function outlined(value: unknown): string {
  if (value === undefined || value === null || Array.isArray(value)) return excerpt(value)
  return typeof value === 'string' ? `${value.length} characters` : `a value of type ${typeof value}`
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = Reflect.get(value, key)
  }
  return value
}
