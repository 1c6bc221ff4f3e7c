import type { CallRecord, RecordPage, RecordQuery } from '../records.ts'
import type { Batch } from './batch.ts'

/** What the archive and its worker say to each other. */

export interface ArchiveSettings {
  /** The database's file. */
  readonly path: string
  /** Zero: rows are kept for ever. */
  readonly retentionDays: number
  readonly exportFolder: string | undefined
}

export type Question =
  | { readonly about: 'call'; readonly key: string }
  | { readonly about: 'page'; readonly query: RecordQuery }
  | { readonly about: 'open' }

/** What each question is answered with. */
export interface Answers {
  readonly call: CallRecord | undefined
  readonly page: RecordPage
  readonly open: readonly CallRecord[]
}

/** What can be out of order, each told by itself. */
export type Part = 'rows' | 'retention' | 'export'

export type ToWorker =
  /** One at a time: the next one comes when the worker has said `kept`. */
  | { readonly what: 'keep'; readonly batch: Batch }
  | { readonly what: 'ask'; readonly number: number; readonly question: Question }
  | { readonly what: 'close' }

export type FromWorker =
  /** Those that ended last, oldest first. */
  | { readonly what: 'opened'; readonly recent: readonly CallRecord[] }
  /** The file is not for us, and waiting will not change that. */
  | { readonly what: 'refused'; readonly message: string }
  /** The batch is synced, but for as many rows as there are faults. */
  | { readonly what: 'kept'; readonly faults: readonly string[] }
  | { readonly what: 'answer'; readonly number: number; readonly answer: Answers[keyof Answers] }
  | { readonly what: 'noAnswer'; readonly number: number; readonly message: string }
  | { readonly what: 'trouble'; readonly part: Part; readonly message: string }
  | { readonly what: 'healed'; readonly part: Part }
  /** Of calls that ended before then, in epoch milliseconds, there are no rows. */
  | { readonly what: 'forgotten'; readonly before: number }
  | { readonly what: 'closed' }
