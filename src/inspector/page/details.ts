import type { StateName } from '../../recorder.ts'
import type { Line } from '../../recording/schema.ts'
import { leavesOf, wordsOfState } from './state-ids.ts'

export type Detail = readonly [name: string, value: string]

/** All that a line says, as names and values to be read. */
export function detailsOf(line: Line): Detail[] {
  const { what, at, ...rest } = line
  const details = Object.entries(rest).flatMap(([name, value]) => {
    const isState = name === 'before' || name === 'after' || (name === 'state' && what === 'joined')
    return isState ? flat(name, wordsOfState(value as StateName)) : flat(name, value)
  })
  return [['line', what], ['at', `${at.toFixed(1)} ms`], ...details, ...changeOf(line)]
}

/** `idle → listening`: of all that was active, what is not any more, and what has taken its place. */
function changeOf(line: Line): Detail[] {
  if (line.what !== 'transition') return []
  const [before, after] = [leavesOf('', line.before), leavesOf('', line.after)]
  const [left, entered] = [without(before, after), without(after, before)]
  return left.length + entered.length === 0 ? [] : [['changed', `${left.join(', ')} → ${entered.join(', ')}`]]
}

function without(ids: readonly string[], others: readonly string[]): string[] {
  return ids.filter((id) => !others.includes(id)).map((id) => id.slice(1))
}

function flat(name: string, value: unknown): Detail[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map((each) => [name, String(each)])
  if (typeof value !== 'object') return [[name, figureOf(value)]]
  return Object.entries(value).flatMap(([part, inner]) =>
    flat(name === 'fields' || name === 'message' ? part : `${name}.${part}`, inner),
  )
}

function figureOf(value: unknown): string {
  return String(typeof value === 'number' ? Number(value.toFixed(3)) : value)
}
