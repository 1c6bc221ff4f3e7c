import { ConfigurationError, messageOf } from '../errors.ts'
import { RECENT_ROWS } from '../records.ts'
import type { Batch } from './batch.ts'
import { CallStore } from './call-store.ts'
import { Chore } from './chore.ts'
import { isNoDatabase, isPassing } from './database.ts'
import { appendToDayFiles } from './day-files.ts'
import type { Answers, ArchiveSettings, FromWorker, Part, Question, ToWorker } from './messages.ts'

/**
 * The worker's side of the archive: it may wait for the disk as long as the disk takes.
 *
 * Invariants
 * - K1 A batch is answered with `kept` once it is synced and not before, however often it has to be tried.
 * - K2 Retention and export go in small steps, between which batches and questions come in.
 */

const DAY_MS = 24 * 3_600_000
const RETENTION_MS = 3_600_000
const EXPORT_MS = 1_000
/** Rows of one step: some milliseconds. */
const STEP_ROWS = 200
/** A server that crashes has left at most its live calls open; this is for one that crashed often. */
const MAX_OPEN_ROWS = 10_000

export class Keeper {
  readonly #settings: ArchiveSettings
  readonly #post: (message: FromWorker) => void
  readonly #epochNow: () => number
  readonly #chores: Readonly<Record<Part, Chore>>
  #store: CallStore | undefined
  #wasOpen = false
  #batch: Batch | undefined

  constructor(settings: ArchiveSettings, post: (message: FromWorker) => void, epochNow: () => number = Date.now) {
    this.#settings = settings
    this.#post = post
    this.#epochNow = epochNow
    this.#chores = {
      rows: this.#chore('rows', () => this.#write()),
      retention: this.#chore('retention', () => this.#forget(), RETENTION_MS),
      export: this.#chore('export', () => this.#export(), EXPORT_MS),
    }
  }

  start(): void {
    this.#chores.rows.run()
  }

  handle(message: ToWorker): void {
    switch (message.what) {
      case 'keep':
        this.#batch = message.batch
        this.#chores.rows.run()
        return
      case 'ask':
        this.#reply(message.number, message.question)
        return
      case 'close':
        this.#close()
    }
  }

  #chore(part: Part, step: () => boolean, everyMs?: number): Chore {
    return new Chore({
      step,
      ...(everyMs === undefined ? {} : { everyMs }),
      onTrouble: (error) => this.#post({ what: 'trouble', part, message: messageOf(error) }),
      onHealed: () => this.#post({ what: 'healed', part }),
    })
  }

  #write(): boolean {
    const store = this.#store ?? this.#open()
    if (store === undefined || this.#batch === undefined) return false
    try {
      this.#keep(store, this.#batch)
    } catch (error) {
      this.#mend(store, error)
      const mended = this.#store ?? this.#open()
      if (mended !== undefined) this.#keep(mended, this.#batch)
    }
    return false
  }

  #keep(store: CallStore, batch: Batch): void {
    const faults = store.keep(batch).map(messageOf)
    this.#batch = undefined
    this.#post({ what: 'kept', faults })
  }

  #open(): CallStore | undefined {
    const { path, retentionDays, exportFolder } = this.#settings
    try {
      const store = new CallStore(path, exportFolder !== undefined)
      if (!this.#wasOpen) this.#post({ what: 'opened', recent: store.latest(RECENT_ROWS) })
      this.#store = store
      this.#wasOpen = true
    } catch (error) {
      // What became of a file that was ours may be undone; one that never was is somebody else's.
      if (this.#wasOpen || (!(error instanceof ConfigurationError) && !isNoDatabase(error))) throw error
      this.#post({ what: 'refused', message: messageOf(error) })
      return undefined
    }
    if (retentionDays > 0) this.#chores.retention.run()
    if (exportFolder !== undefined) this.#chores.export.run()
    return this.#store
  }

  /**
   * On a full disk, what stands in the log may be moved to the file, which leaves room for more. A file that failed is
   * opened anew: it may have been mended, moved, or mounted again.
   */
  #mend(store: CallStore, error: unknown): void {
    try {
      if (isPassing(error)) store.checkpoint()
      else this.#closeStore()
    } catch {
      // What was wrong with it shows when it is tried again.
    }
  }

  #closeStore(): void {
    const store = this.#store
    this.#store = undefined
    store?.close()
  }

  #forget(): boolean {
    const before = this.#epochNow() - this.#settings.retentionDays * DAY_MS
    const isMore = (this.#store?.forget(before, STEP_ROWS) ?? 0) >= STEP_ROWS
    if (!isMore) this.#post({ what: 'forgotten', before })
    return isMore
  }

  #export(): boolean {
    const { exportFolder } = this.#settings
    const due = this.#store?.toExport(STEP_ROWS) ?? []
    if (exportFolder === undefined || due.length === 0) return false
    appendToDayFiles(exportFolder, due)
    this.#store?.noteExported(due)
    return due.length === STEP_ROWS
  }

  #reply(number: number, question: Question): void {
    try {
      if (this.#store === undefined) throw new Error('the archive is not open')
      this.#post({ what: 'answer', number, answer: answer(this.#store, question) })
    } catch (error) {
      this.#post({ what: 'noAnswer', number, message: messageOf(error) })
    }
  }

  #close(): void {
    // What is to be exported or deleted and is not now will be at the next start.
    if (this.#settings.exportFolder !== undefined) this.#chores.export.run()
    for (const chore of Object.values(this.#chores)) chore.stop()
    try {
      this.#closeStore()
    } catch {
      // All that was confirmed is synced already, in the file or in its log.
    }
    this.#post({ what: 'closed' })
  }
}

function answer(store: CallStore, question: Question): Answers[keyof Answers] {
  if (question.about === 'call') return store.read(question.key)
  if (question.about === 'page') return store.search(question.query)
  return store.open(MAX_OPEN_ROWS)
}
