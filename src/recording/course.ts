import type { StateName } from '../recorder.ts'
import { OutboundTally } from './outbound-tally.ts'
import type { Recording } from './recording.ts'
import type { Line } from './schema.ts'

/** What would have to come out again when the carrier does the same again. */
export interface Course {
  /** The verbs of each TwiML document, e.g. `Connect`. */
  readonly answers: readonly string[]
  readonly outbound: Pick<OutboundTally, 'mediaMs' | 'marks' | 'clears' | 'order'>
  /** Who put an end to the call first. */
  readonly endedBy: 'far end' | 'server'
  /** Only where one can look inside the server. */
  readonly chart?: ChartCourse
}

export interface ChartCourse {
  readonly steps: readonly Step[]
  readonly digits: number
  readonly state: string
  readonly reason: string
  /** What was asked of the carrier, e.g. `hangUp`, however often until it was heard. */
  readonly rest: readonly string[]
}

export interface Step {
  readonly state: string
  /** What led there. */
  readonly event: string
}

const OVER = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled'])
/** Regions whose edges depend on the millisecond: who speaks just now, and how full the queue is. */
const FLEETING = /^active\.(?:floor|queue|agent)\b/
/** Nothing goes on there: it says no more than a recording that does not know of it yet. */
const AT_REST = new Set(['active.hold.talking', 'active.transfer.none', 'active.recording.off'])

export function courseOf({ lines }: Recording): Course {
  return {
    answers: lines.flatMap((line) => (isAnswer(line) ? [line.twiml ?? ''] : [])),
    outbound: tally(lines),
    endedBy: whoEnded(lines),
    chart: chartCourse(lines),
  }
}

/** Did the far end put an end to the call, or say that there is one, with this? */
export function isFarEnding(line: Line): boolean {
  if (line.what === 'webhook') return OVER.has(line.callStatus)
  return line.what === 'received' && line.message.event === 'stop'
}

/** Did the server put an end to the call with this? */
export function isOwnEnding(line: Line): boolean {
  if (line.what === 'rest') return line.command === 'hangUp'
  return isAnswer(line) && line.twiml !== 'Connect'
}

function isAnswer(line: Line): line is Extract<Line, { what: 'webhook' }> {
  return line.what === 'webhook' && line.twiml !== undefined && !OVER.has(line.callStatus)
}

function whoEnded(lines: readonly Line[]): Course['endedBy'] {
  const ending = lines.find((line) => isFarEnding(line) || isOwnEnding(line))
  return ending !== undefined && isFarEnding(ending) ? 'far end' : 'server'
}

function tally(lines: readonly Line[]): OutboundTally {
  const outbound = new OutboundTally()
  for (const line of lines) {
    if (line.what !== 'sent') continue
    if (line.message.event === 'media') outbound.media(line.message.bytes)
    else if (line.message.event === 'mark') outbound.mark()
    else if (line.message.event === 'clear') outbound.clear()
  }
  return outbound
}

function chartCourse(lines: readonly Line[]): ChartCourse {
  const end = lines.findLast((line) => line.what === 'end')
  return {
    steps: stepsOf(lines),
    digits: lines.filter((line) => isOwnTransition(line) && line.event === 'digit.received').length,
    state: end?.state ?? 'not over',
    reason: end?.reason ?? 'none yet',
    rest: [...new Set(lines.flatMap((line) => (line.what === 'rest' ? [line.command] : [])))],
  }
}

function stepsOf(lines: readonly Line[]): Step[] {
  const steps: Step[] = []
  for (const line of lines) {
    if (!isOwnTransition(line)) continue
    const state = describe(line.after)
    if (state !== (steps.at(-1)?.state ?? describe(line.before))) steps.push({ state, event: line.event })
  }
  return steps
}

/** Of the call's chart, not of a child's. */
function isOwnTransition(line: Line): line is Extract<Line, { what: 'transition' }> {
  return line.what === 'transition' && line.actor === undefined
}

/** `active.stream.flowing`: the innermost names, without what is fleeting or at rest. */
function describe(state: StateName): string {
  return leaves(state)
    .filter((path) => !FLEETING.test(path) && !AT_REST.has(path))
    .join(' ')
}

function leaves(state: StateName): string[] {
  if (typeof state === 'string') return [state]
  return Object.entries(state).flatMap(([name, inner]) =>
    inner === undefined ? [] : leaves(inner).map((path) => (path === '' ? name : `${name}.${path}`)),
  )
}
