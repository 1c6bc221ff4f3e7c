import type { StateName } from '../../recorder.ts'

/** What is active in a state, as ids in the chart's picture: `call`, `call.active`, `call.active.floor`, and so on. */
export function idsOf(chart: string, state: StateName): string[] {
  if (typeof state === 'string') return state === '' ? [chart] : [chart, `${chart}.${state}`]
  return [chart, ...partsOf(state).flatMap(([name, inner]) => idsOf(`${chart}.${name}`, inner))]
}

/** The innermost of them. */
export function leavesOf(chart: string, state: StateName): string[] {
  if (typeof state === 'string') return state === '' ? [chart] : [`${chart}.${state}`]
  return partsOf(state).flatMap(([name, inner]) => leavesOf(`${chart}.${name}`, inner))
}

/** The innermost that were not active before; all of them if nothing is known of before. */
export function enteredLeaves(chart: string, before: StateName | undefined, after: StateName): string[] {
  const old = new Set(before === undefined ? [] : leavesOf(chart, before))
  return leavesOf(chart, after).filter((id) => !old.has(id))
}

/** The name of the top-level state. */
export function topOf(state: StateName): string {
  return typeof state === 'string' ? state : (Object.keys(state)[0] ?? '')
}

/** E.g. `connecting.ringing`, or `active (floor: speaking.alone, stream: flowing, queue: roomy)`. */
export function wordsOfState(state: StateName): string {
  if (typeof state === 'string') return state
  const parts = partsOf(state)
  if (parts.length !== 1) return `(${parts.map(([name, inner]) => `${name}: ${wordsOfState(inner)}`).join(', ')})`
  return parts.map(([name, inner]) => [name, wordsOfState(inner)].join(isParallel(inner) ? ' ' : '.')).join('')
}

function isParallel(state: StateName): boolean {
  return typeof state !== 'string' && partsOf(state).length !== 1
}

function partsOf(state: Exclude<StateName, string>): [string, StateName][] {
  return Object.entries(state).flatMap(([name, inner]) => (inner === undefined ? [] : [[name, inner]]))
}
