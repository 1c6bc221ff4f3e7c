import { Worker } from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import type { Answers, ArchiveSettings, FromWorker, Question, ToWorker } from './messages.ts'

export interface ArchiveThreadOptions {
  readonly settings: ArchiveSettings
  readonly workerFile: URL
  /** How long a question, and the end, may take. */
  readonly patienceMs: number
  readonly onMessage: (message: Unasked) => void
  /** It ended without being asked to. */
  readonly onDeath: (cause: unknown) => void
}

/** What the worker says of itself. */
export type Unasked = Exclude<FromWorker, { what: 'answer' | 'noAnswer' | 'closed' }>

type AnyAnswer = Answers[keyof Answers]

interface Asked {
  readonly resolve: (answer: AnyAnswer) => void
  readonly reject: (cause: Error) => void
}

/** More at once than people and programs ask of one server when all is well. */
const MAX_QUESTIONS = 100
/** A thread that needs more has gone wrong: it dies then, and not the process. */
const MAX_HEAP_MB = 256

/** A thread that listens to nobody but the disk any more is left to the end of the process. */
const TERMINATION_MS = 1_000

/** The worker thread, from outside. */
export class ArchiveThread {
  readonly #options: ArchiveThreadOptions
  readonly #worker: Worker
  readonly #asked = new Map<number, Asked>()
  #questions = 0
  #state: 'running' | 'ending' | 'gone' = 'running'
  #cause: unknown
  #noteClosed: () => void = () => {}

  constructor(options: ArchiveThreadOptions) {
    this.#options = options
    this.#worker = new Worker(options.workerFile, {
      name: 'archive',
      workerData: options.settings,
      // It is compiled: no loader that this process was started with has anything to do there.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', (error) => {
      this.#cause = error
    })
    this.#worker.on('exit', (code) => this.#noteExit(code))
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message, [])
  }

  /** Rejects when there is no answer, for whatever cause. */
  async ask<A extends keyof Answers>(question: Extract<Question, { about: A }>): Promise<Answers[A]> {
    if (this.#state !== 'running') throw new Error('its thread has ended')
    if (this.#asked.size >= MAX_QUESTIONS) throw new Error(`it has ${MAX_QUESTIONS} questions to answer already`)
    this.#questions += 1
    const number = this.#questions
    const { patienceMs } = this.#options
    let patience: NodeJS.Timeout | undefined
    try {
      return await new Promise<Answers[A]>((resolve, reject) => {
        patience = setTimeout(() => reject(new Error(`it has not answered for ${patienceMs} ms`)), patienceMs)
        this.#asked.set(number, { resolve: (answer) => resolve(answer as Answers[A]), reject })
        this.post({ what: 'ask', number, question })
      })
    } finally {
      clearTimeout(patience)
      this.#asked.delete(number)
    }
  }

  /** Lets the worker close its files, as long as patience lasts, and ends it. */
  async end(): Promise<void> {
    if (this.#state !== 'running') return
    this.#state = 'ending'
    const closed = new Promise<void>((resolve) => {
      this.#noteClosed = resolve
    })
    this.post({ what: 'close' })
    await within(this.#options.patienceMs, closed)
    // A disk that hangs holds the thread, too.
    await within(TERMINATION_MS, this.#worker.terminate())
  }

  #receive(message: FromWorker): void {
    switch (message.what) {
      case 'answer':
        this.#asked.get(message.number)?.resolve(message.answer)
        return
      case 'noAnswer':
        this.#asked.get(message.number)?.reject(new Error(message.message))
        return
      case 'closed':
        this.#noteClosed()
        return
      default:
        this.#options.onMessage(message)
    }
  }

  #noteExit(code: number): void {
    const isExpected = this.#state === 'ending'
    this.#state = 'gone'
    this.#noteClosed()
    const cause = this.#cause ?? new Error(`its thread ended with code ${code}`)
    for (const { reject } of this.#asked.values()) reject(new Error(messageOf(cause)))
    if (!isExpected) this.#options.onDeath(cause)
  }
}

async function within(ms: number, done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([done, patience])
  clearTimeout(timer)
}
