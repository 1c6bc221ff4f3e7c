import { z } from 'zod'
import { UsageError } from '../errors.ts'
import { type Header, header, type Line, line } from './schema.ts'

/** One call, as it was. */
export interface Recording {
  readonly call: Header
  /** In the order in which they happened. */
  readonly lines: readonly Line[]
}

const LONGEST_EXCERPT = 60

/**
 * Reads a recording. Throws UsageError `RECORDING_INVALID` with the number of the line, what was expected there
 * and, briefly, what came. A last line that breaks off, as when the process died, is left out.
 */
export function readRecording(text: string): Recording {
  const rows = text.split('\n')
  const rest = rows.pop() ?? ''
  const isWhole = rest.trim() === '' || isJson(rest)
  if (isWhole && rest.trim() !== '') rows.push(rest)
  const [first, ...others] = rows
  if (first === undefined) throw invalid(1, 'expected the first line of a recording, got an empty file')
  return {
    call: readLine(header, first, 1),
    lines: others.flatMap((row, index) => (row.trim() === '' ? [] : [readLine(line, row, index + 2)])),
  }
}

function readLine<T>(schema: z.ZodType<T>, row: string, number: number): T {
  try {
    return readRow(schema, row, number)
  } catch (error) {
    // Of what is nested ten thousand deep neither the schema nor an excerpt can be made: the stack ends.
    if (!(error instanceof RangeError)) throw error
    throw invalid(number, 'expected a line of a recording, got one that is nested too deeply')
  }
}

function readRow<T>(schema: z.ZodType<T>, row: string, number: number): T {
  if (!isJson(row)) throw invalid(number, `expected a JSON object, got ${excerpt(row)}`)
  const json: unknown = JSON.parse(row)
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path ?? []
  // A name may be as long as the line it is in.
  const place = path.length === 0 ? 'the line' : path.map(String).join('.').slice(0, LONGEST_EXCERPT)
  throw invalid(number, `expected ${place} to be ${issue?.message ?? 'different'}, got ${excerpt(valueAt(json, path))}`)
}

function isJson(row: string): boolean {
  try {
    JSON.parse(row)
    return true
  } catch {
    return false
  }
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let value = json
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

/** Never a payload: that is cut short like anything else. */
function excerpt(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length <= LONGEST_EXCERPT ? text : `${text.slice(0, LONGEST_EXCERPT)}... (${text.length} characters)`
}

function invalid(number: number, what: string): UsageError {
  return new UsageError('RECORDING_INVALID', `line ${number} of the recording: ${what}`)
}
