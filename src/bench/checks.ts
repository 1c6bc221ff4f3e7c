/** What a benchmark promises, and whether the promise was kept. A figure that could not be had is no broken promise. */

export type CheckVerdict = 'met' | 'MISSED' | 'not measured' | 'not judged'

export interface Check {
  readonly what: string
  readonly target: string
  readonly got: number | undefined
  readonly verdict: CheckVerdict
  /** Why it is not judged. */
  readonly note?: string
}

export function checkAtMost(what: string, got: number | undefined, atMost: number): Check {
  return { what, got, target: `<= ${atMost}`, verdict: verdictOf(got, (value) => value <= atMost) }
}

export function checkAtLeast(what: string, got: number | undefined, atLeast: number): Check {
  return { what, got, target: `>= ${atLeast}`, verdict: verdictOf(got, (value) => value >= atLeast) }
}

/** A target that was missed while the machine was busy otherwise may yet be met; one that was met is met. */
export function excused(check: Check, isDisturbed: boolean): Check {
  if (check.verdict !== 'MISSED' || !isDisturbed) return check
  return { ...check, verdict: 'not judged', note: 'the machine was disturbed' }
}

function verdictOf(got: number | undefined, isMet: (value: number) => boolean): CheckVerdict {
  if (got === undefined || Number.isNaN(got)) return 'not measured'
  return isMet(got) ? 'met' : 'MISSED'
}

/** How many calls somebody carries, and whether that is only a lower bound: the load generator, or the time, gave out. */
export interface Carried {
  readonly most: number
  readonly isBound: boolean
}

/** One's calls as a multiple of another's. */
export function checkRatio(
  what: string,
  ours: Carried | undefined,
  theirs: Carried | undefined,
  atLeast: number,
): Check {
  const got = ours === undefined || theirs === undefined || theirs.most === 0 ? undefined : ours.most / theirs.most
  const check = checkAtLeast(what, got, atLeast)
  if (got === undefined) return check
  const isDoubtful = theirs?.isBound === true || (ours?.isBound === true && check.verdict === 'MISSED')
  return isDoubtful ? { ...check, verdict: 'not judged', note: 'only a lower bound is known' } : check
}

export function hasMissed(checks: readonly Check[]): boolean {
  return checks.some(({ verdict }) => verdict === 'MISSED')
}
