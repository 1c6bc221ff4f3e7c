import type { Logger } from '../log.ts'
import { requirePlace } from '../record-page.ts'
import {
  type CallRecord,
  type LateFacts,
  MemoryRecords,
  type RecordPage,
  type RecordQuery,
  type RecordSink,
} from '../records.ts'
import { archivePath } from './archive-path.ts'
import { FolderLock } from './folder-lock.ts'
import { withWaiting } from './page-overlay.ts'
import { type ArchiveHealth, Scribe } from './scribe.ts'

export interface ArchiveOptions {
  /** Made when it is not there; `calls.db` lies in it. One server has it at a time. */
  readonly folder: string
  /** Rows of calls that ended longer ago are deleted; 0 keeps them for ever. */
  readonly retentionDays: number
  /** Each row that is closed is also appended to a file of the day there. */
  readonly exportFolder?: string | undefined
  readonly logger: Logger
  /** Calls of which a row may wait for a slow or full disk; default 10,000, some 20 MB. */
  readonly maxWaiting?: number
  /** How long `closed`, a question, the opening and the closing wait for the disk; default 5,000 ms. */
  readonly patienceMs?: number
  /** The compiled worker. */
  readonly workerFile?: URL
}

/**
 * Every call's row in SQLite, written by a thread of its own. Whatever becomes of the disk or that thread, memory holds
 * the calls under way and the latest thousand that ended.
 */
export interface Archive extends RecordSink {
  /**
   * Takes the folder and opens the file; what is told before then waits. Resolves, too, when the disk is full or broken:
   * that is told in the log and tried again. Rejects with ConfigurationError `CONFIG_INVALID` for a folder that another
   * server has or that cannot be written to, and for a file that is none of ours or of a newer program.
   */
  open(): Promise<void>
  opened(record: CallRecord): void
  updated(record: CallRecord): void
  /**
   * Resolves when the row is synced. Where the disk takes long, after `patienceMs`, and while it is known not to write, at
   * once: the row goes on waiting then. Never rejects.
   */
  closed(record: CallRecord): Promise<void>
  /** Like `closed`. */
  amend(key: string, facts: LateFacts): Promise<void>
  /** Rows that an earlier run left open, oldest first: of calls whose process died. */
  openRows(): Promise<readonly CallRecord[]>
  readonly health: ArchiveHealth
}

const MAX_WAITING = 10_000
const PATIENCE_MS = 5_000

/**
 * Compiled, this file lies in `dist/src/archive`, its source in `src/archive`. A worker is not loaded by whatever loads
 * this file: from source, under a test or a loader, too, it is the compiled one, so `tsc -b` comes first.
 */
const ROOT = new URL(import.meta.url.endsWith('.js') ? '../../../' : '../../', import.meta.url)
const WORKER_FILE = new URL('dist/src/archive/archive-worker.js', ROOT)

export function createArchive(options: ArchiveOptions): Archive {
  return new CallArchive(options)
}

class CallArchive implements Archive {
  readonly #folder: string
  readonly #memory = new MemoryRecords()
  readonly #scribe: Scribe
  #lock: FolderLock | undefined
  #hasRemembered = false
  #closing: Promise<void> | undefined

  constructor(options: ArchiveOptions) {
    const { folder, retentionDays, exportFolder, logger } = options
    this.#folder = folder
    this.#scribe = new Scribe({
      folder,
      logger,
      settings: { path: archivePath(folder), retentionDays, exportFolder },
      workerFile: options.workerFile ?? WORKER_FILE,
      maxWaiting: options.maxWaiting ?? MAX_WAITING,
      patienceMs: options.patienceMs ?? PATIENCE_MS,
      onOpened: (recent) => this.#remember(recent),
      onForgotten: (before) => this.#memory.forget(before),
    })
  }

  async open(): Promise<void> {
    this.#lock = FolderLock.take(this.#folder)
    try {
      await this.#scribe.start()
    } catch (error) {
      await this.close()
      throw error
    }
  }

  get aliveAt(): number | undefined {
    return this.#lock?.aliveAt
  }

  get health(): ArchiveHealth {
    return this.#scribe.health
  }

  opened(record: CallRecord): void {
    this.updated(record)
  }

  updated(record: CallRecord): void {
    this.#memory.updated(record)
    this.#scribe.put(record)
  }

  closed(record: CallRecord): Promise<void> {
    this.#memory.closed(record)
    return this.#scribe.keep(record)
  }

  amend(key: string, facts: LateFacts): Promise<void> {
    this.#memory.amend(key, facts)
    return this.#scribe.amend(key, facts)
  }

  find(key: string): CallRecord | undefined {
    return this.#memory.find(key)
  }

  recent(): readonly CallRecord[] {
    return this.#memory.recent()
  }

  async read(key: string): Promise<CallRecord | undefined> {
    const known = await this.#memory.read(key)
    return known ?? (await this.#scribe.ask({ about: 'call', key }))?.answer
  }

  async search(query: RecordQuery): Promise<RecordPage> {
    requirePlace(query)
    // As of now: the worker may write them down before it answers, or after.
    const waiting = this.#scribe.waiting()
    const kept = await this.#scribe.ask({ about: 'page', query })
    return kept === undefined ? this.#memory.search(query) : withWaiting(kept.answer, waiting, query)
  }

  async openRows(): Promise<readonly CallRecord[]> {
    const rows = (await this.#scribe.ask({ about: 'open' }))?.answer ?? []
    const own = await Promise.all(rows.map(({ id }) => this.#memory.read(id)))
    return rows.filter((_, index) => own[index] === undefined)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#scribe.end()
    this.#lock?.release()
  }

  /** A thread that is started again opens the file again: what it holds then, memory knows. */
  #remember(recent: readonly CallRecord[]): void {
    if (!this.#hasRemembered) this.#memory.precede(recent)
    this.#hasRemembered = true
  }
}
