/** The telephones of one line. */
export interface LineNumbers {
  readonly caller: string
  readonly callee: string
  /** Whom calls of the line are handed over to. */
  readonly target: string
  /** Whom they are handed over to by somebody who meddles, and who is busy. */
  readonly meddled: string
}

const MOST_LINES = 10_000

export function numbersOf(line: number): LineNumbers {
  const tail = String(line % MOST_LINES).padStart(4, '0')
  return { caller: `+1555200${tail}`, callee: `+1555210${tail}`, target: `+1555220${tail}`, meddled: `+1555240${tail}` }
}
