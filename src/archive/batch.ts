import type { LateFacts } from '../records.ts'
import type { Row } from './row.ts'

/** What is written in one transaction. */
export interface Batch {
  readonly rows: readonly Row[]
  /** Come after the rows: what was learned of calls by our id or CallSid. */
  readonly amendments: readonly Amendment[]
}

export interface Amendment {
  readonly key: string
  readonly facts: LateFacts
}
