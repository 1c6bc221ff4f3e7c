import { ConfigurationError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { CallRecord, LateFacts } from '../records.ts'
import { ArchiveThread, type Unasked } from './archive-thread.ts'
import type { Answers, ArchiveSettings, Question } from './messages.ts'
import { Troubles } from './troubles.ts'
import { WaitingRows } from './waiting-rows.ts'

/**
 * Hands rows to the worker thread and looks after it.
 *
 * Invariants
 * - S1 Nothing here waits for a disk on the thread that paces audio.
 * - S2 One batch is under way at a time; meanwhile only the latest row of each call waits, of no more calls than said.
 * - S3 What is promised of a row resolves when it is synced, when patience is over, or when it is lost. While the disk is
 *   known not to write, at once: whoever reads the log knows more than whoever waits.
 */

export interface ScribeOptions {
  /** Told in the log. */
  readonly folder: string
  readonly settings: ArchiveSettings
  readonly workerFile: URL
  readonly logger: Logger
  /** Calls of which something may wait. */
  readonly maxWaiting: number
  /** How long anybody waits for the disk. */
  readonly patienceMs: number
  /** The file is open; of its rows those that ended last, oldest first. */
  readonly onOpened: (recent: readonly CallRecord[]) => void
  /** Rows of calls that ended before a time in epoch milliseconds are gone. */
  readonly onForgotten: (before: number) => void
}

export interface ArchiveHealth {
  /** All is written as it should be. */
  readonly ok: boolean
  /** Rows and late facts that are not written yet. */
  readonly waiting: number
  /** Those that never will be. */
  readonly lost: number
}

interface Opening {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Of a thread that has written nothing since it was started last. */
const MAX_RESTARTS = 1

export class Scribe {
  readonly #options: ScribeOptions
  readonly #waiting: WaitingRows
  readonly #troubles: Troubles
  /** `failed`: nothing will be written any more. */
  #state: 'new' | 'writing' | 'failed' | 'ended' = 'new'
  #thread: ArchiveThread | undefined
  #opening: Opening | undefined
  #restarts = 0
  #stall: NodeJS.Timeout | undefined
  #noteWritten: () => void = () => {}

  constructor(options: ScribeOptions) {
    this.#options = options
    this.#troubles = new Troubles(options.logger, options.folder)
    this.#waiting = new WaitingRows({
      maxWaiting: options.maxWaiting,
      onFault: (error) => this.#tellLost(error, 1),
    })
  }

  get health(): ArchiveHealth {
    const { size, lost } = this.#waiting
    return { ok: this.#troubles.areNone && this.#state !== 'failed', waiting: size, lost }
  }

  /** Resolves when the file is open, or trouble with it was told. Rejects with ConfigurationError for one that is not ours. */
  async start(): Promise<void> {
    this.#state = 'writing'
    const { patienceMs } = this.#options
    const patience = setTimeout(() => {
      this.#troubles.begin('opening', new Error(`the disk has not answered for ${patienceMs} ms`))
      this.#opening?.resolve()
    }, patienceMs)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#opening = { resolve, reject }
        this.#startThread()
      })
    } finally {
      clearTimeout(patience)
      this.#opening = undefined
    }
  }

  put(record: CallRecord): void {
    if (this.#isWriting) this.#waiting.put(record)
    this.#pump()
  }

  /** Resolves when the row is synced. */
  keep(record: CallRecord): Promise<void> {
    return this.#written((settle) => this.#waiting.put(record, settle))
  }

  /** Resolves when what was learned is synced. */
  amend(key: string, facts: LateFacts): Promise<void> {
    return this.#written((settle) => this.#waiting.amend(key, facts, settle))
  }

  /** The latest row of each call that is not written yet. */
  waiting(): readonly CallRecord[] {
    return this.#waiting.records()
  }

  /** Undefined when there is no answer, of which the operator is told. */
  async ask<A extends keyof Answers>(
    question: Extract<Question, { about: A }>,
  ): Promise<{ readonly answer: Answers[A] } | undefined> {
    if (this.#state !== 'writing' || this.#thread === undefined) return undefined
    try {
      const answer = await this.#thread.ask<A>(question)
      this.#troubles.end('questions')
      return { answer }
    } catch (error) {
      this.#troubles.begin('questions', error)
      return undefined
    }
  }

  /** Writes what waits, as long as patience lasts, and ends the thread. */
  async end(): Promise<void> {
    if (this.#state === 'writing' && this.#waiting.size > 0) {
      await this.#patiently((resolve) => {
        this.#noteWritten = resolve
      })
    }
    this.#state = 'ended'
    clearTimeout(this.#stall)
    await this.#thread?.end()
    const rows = this.#waiting.giveUp()
    if (rows > 0) this.#tellLost(new Error('the disk did not take them before the end'), rows)
  }

  get #isWriting(): boolean {
    return this.#state === 'new' || this.#state === 'writing'
  }

  #startThread(): void {
    const { settings, workerFile, patienceMs } = this.#options
    try {
      this.#thread = new ArchiveThread({
        settings,
        workerFile,
        patienceMs,
        onMessage: (message) => this.#receive(message),
        onDeath: (cause) => this.#noteDeath(cause),
      })
    } catch (error) {
      // The system gives no more threads.
      this.#fail(error)
    }
    this.#pump()
  }

  #pump(): void {
    if (this.#state !== 'writing' || this.#thread === undefined) return
    const batch = this.#waiting.take()
    if (batch === undefined) return
    const { patienceMs } = this.#options
    this.#stall = setTimeout(() => {
      this.#troubles.begin('rows', new Error(`the disk has not answered for ${patienceMs} ms`))
    }, patienceMs)
    this.#thread.post({ what: 'keep', batch })
  }

  #receive(message: Unasked): void {
    // Whatever it still says, nothing of it is true any more of what will be written.
    if (this.#state !== 'writing') return
    switch (message.what) {
      case 'opened':
        this.#troubles.end('opening')
        this.#options.onOpened(message.recent)
        this.#opening?.resolve()
        return
      case 'refused':
        this.#noteRefused(message.message)
        return
      case 'kept':
        this.#noteKept(message.faults)
        return
      case 'trouble':
        this.#troubles.begin(message.part, message.message)
        if (message.part === 'rows') this.#opening?.resolve()
        return
      case 'healed':
        this.#troubles.end(message.part)
        return
      case 'forgotten':
        this.#options.onForgotten(message.before)
    }
  }

  #noteRefused(cause: string): void {
    const { folder } = this.#options
    const error = new ConfigurationError('CONFIG_INVALID', `the call archive in ${folder} is not for use: ${cause}`)
    if (this.#opening === undefined) this.#fail(error)
    else this.#opening.reject(error)
  }

  #noteKept(faults: readonly string[]): void {
    clearTimeout(this.#stall)
    this.#restarts = 0
    this.#troubles.end('rows')
    if (faults.length > 0) this.#tellLost(new Error(faults[0]), faults.length)
    this.#waiting.noteKept(faults.length)
    this.#pump()
    if (this.#waiting.size === 0) this.#noteWritten()
  }

  #noteDeath(cause: unknown): void {
    clearTimeout(this.#stall)
    this.#thread = undefined
    if (this.#state !== 'writing') return
    if (this.#restarts >= MAX_RESTARTS) {
      this.#fail(cause)
      return
    }
    this.#restarts += 1
    this.#waiting.putBack()
    const { folder, logger } = this.#options
    logger.error({ folder, cause: messageOf(cause) }, "the call archive's thread died: it is started again")
    this.#startThread()
  }

  #fail(cause: unknown): void {
    this.#state = 'failed'
    const { folder, logger } = this.#options
    const rows = this.#waiting.giveUp()
    logger.error(
      { folder, cause: messageOf(cause), rows },
      'the call archive has failed for good: calls go on, their records are in memory only until this server is started ' +
        'again; expected the cause to be mended first',
    )
    this.#opening?.resolve()
    this.#noteWritten()
    void this.#thread?.end()
  }

  #written(put: (settle: () => void) => void): Promise<void> {
    return this.#patiently((resolve) => {
      if (this.#isWriting) put(resolve)
      // While the disk is known not to write, every end of a call would only be late by as long as patience lasts.
      if (!this.#isWriting || this.#troubles.areRowsWaiting) resolve()
      this.#pump()
    })
  }

  #patiently(act: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const patience = setTimeout(resolve, this.#options.patienceMs)
      act(() => {
        clearTimeout(patience)
        resolve()
      })
    })
  }

  #tellLost(cause: unknown, rows: number): void {
    const { folder, logger } = this.#options
    logger.error({ folder, cause: messageOf(cause), rows }, 'call records were lost')
  }
}
