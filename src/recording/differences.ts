import type { ChartCourse, Course, Step } from './course.ts'

export interface Tolerance {
  /** How much audio came back depends on the pace: not compared when that was another. */
  readonly ignoreAmounts?: boolean
}

/** Audio comes in messages of up to 100 ms, and the last ones meet the hangup. */
const SLACK_MS = 300
const SLACK_MARKS = 2
const SLACK_RATIO = 0.1

/** Where `got` differs from `expected`, each a line for a person; none when the course is the same. */
export function differences(expected: Course, got: Course, tolerance: Tolerance = {}): string[] {
  return [
    ...answersApart(expected, got),
    ...(expected.chart === undefined || got.chart === undefined ? [] : chartsApart(expected.chart, got.chart)),
    ...outboundApart(expected, got, tolerance),
    ...unlike('end', `the ${expected.endedBy} to end the call`, `the ${got.endedBy}`, expected.endedBy === got.endedBy),
  ]
}

function answersApart(expected: Course, got: Course): string[] {
  const [wanted, found] = [listed(expected.answers), listed(got.answers)]
  return unlike('TwiML', wanted, found, wanted === found)
}

function chartsApart(expected: ChartCourse, got: ChartCourse): string[] {
  const [rest, gotRest] = [listed(expected.rest), listed(got.rest)]
  return [
    ...stepsApart(expected, got),
    ...unlike('state at the end', expected.state, got.state, expected.state === got.state),
    ...unlike('reason', expected.reason, got.reason, expected.reason === got.reason),
    ...unlike('keys heard', String(expected.digits), String(got.digits), expected.digits === got.digits),
    ...unlike('REST', rest, gotRest, rest === gotRest),
  ]
}

/** The first one only: what follows from it is no news. */
function stepsApart({ steps }: ChartCourse, got: ChartCourse): string[] {
  const index = Array.from({ length: Math.max(steps.length, got.steps.length) }).findIndex(
    (_, at) => steps[at]?.state !== got.steps[at]?.state,
  )
  if (index < 0) return []
  return unlike(`step ${index + 1}`, told(steps[index]), told(got.steps[index]), false)
}

function told(step: Step | undefined): string {
  return step === undefined ? 'no more' : `${step.state} (by ${step.event})`
}

function outboundApart({ outbound }: Course, { outbound: got }: Course, { ignoreAmounts }: Tolerance): string[] {
  const order = unlike(
    'order of messages',
    listed(outbound.order),
    listed(got.order),
    isSame(outbound.order, got.order),
  )
  const clears = unlike('clears', String(outbound.clears), String(got.clears), outbound.clears === got.clears)
  if (ignoreAmounts === true) return [...order, ...clears]
  return [
    ...order,
    ...clears,
    ...unlike(
      'audio sent',
      `${Math.round(outbound.mediaMs)} ms`,
      `${Math.round(got.mediaMs)} ms`,
      isNear(outbound.mediaMs, got.mediaMs, SLACK_MS),
    ),
    ...unlike('marks', String(outbound.marks), String(got.marks), isNear(outbound.marks, got.marks, SLACK_MARKS)),
  ]
}

function unlike(what: string, expected: string, got: string, isAlike: boolean): string[] {
  return isAlike ? [] : [`${what}: expected ${expected}, got ${got}`]
}

function isNear(expected: number, got: number, slack: number): boolean {
  return Math.abs(expected - got) <= Math.max(slack, expected * SLACK_RATIO)
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return listed(one) === listed(other)
}

function listed(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(', ')
}
