import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Answer, Command } from './line-protocol.ts'
import { type Pinning, pinned } from './pinning.ts'

/** A process of the bench, pinned to its core, that obeys lines of JSON. */

export interface ChildOptions {
  readonly name: string
  readonly argv: readonly string[]
  readonly core: Pinning['server']
  /** Where its standard error goes: a server writes its logs, as it would in production. */
  readonly logFile: string
}

const START_TIMEOUT_MS = 30_000
/** On top of what the command itself is told to take. */
const ANSWER_TIMEOUT_MS = 60_000
const EXIT_TIMEOUT_MS = 3_000
const LOG_TAIL = 2_000

export class Child {
  /** What it said when it was ready. */
  readonly ready: Promise<Answer>
  readonly #options: ChildOptions
  readonly #process: ChildProcess
  readonly #exited: Promise<void>
  readonly #waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }[] = []

  constructor(options: ChildOptions) {
    this.#options = options
    const log = openSync(options.logFile, 'a')
    const [command = '', ...rest] = pinned(options.argv, options.core)
    this.#process = spawn(command, rest, { stdio: ['pipe', 'pipe', log] })
    closeSync(log)
    this.#exited = new Promise((resolve) => {
      const end = (why: string) => {
        this.#fail(why)
        resolve()
      }
      this.#process.once('error', (error) => end(error.message))
      this.#process.once('exit', (code, signal) => end(`it exited with ${signal ?? code}`))
    })
    // Writing to one that has gone is an error of the pipe's, of which `exit` tells the reason.
    this.#process.stdin?.on('error', () => {})
    this.#listen()
    this.ready = this.#answer(START_TIMEOUT_MS)
    this.ready.catch(() => {})
  }

  /** Commands are obeyed in order. Rejects when the child refuses, dies, or does not answer within a minute and `ms`. */
  ask<T>(command: Command & { readonly ms?: number }): Promise<T> {
    const answered = this.#answer(ANSWER_TIMEOUT_MS + (command.ms ?? 0))
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`)
    return answered as Promise<T>
  }

  /** Undefined when it could not even be started. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  async close(): Promise<void> {
    this.#process.stdin?.end()
    const patience = setTimeout(() => this.#process.kill('SIGKILL'), EXIT_TIMEOUT_MS)
    await this.#exited
    clearTimeout(patience)
  }

  #listen(): void {
    const { stdout } = this.#process
    if (stdout === null) return
    createInterface({ input: stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer
      const asker = this.#waiting.shift()
      const { failure } = answer
      if (failure === undefined) asker?.resolve(answer)
      else asker?.reject(new Error(`${this.#options.name}: ${failure}`))
    })
  }

  #answer(timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(`expected an answer within ${timeoutMs} ms, got none`), timeoutMs)
      const settled = (settle: () => void) => {
        clearTimeout(timer)
        settle()
      }
      this.#waiting.push({
        resolve: (answer) => settled(() => resolve(answer)),
        reject: (error) => settled(() => reject(error)),
      })
    })
  }

  #fail(why: string): void {
    const tail = this.#waiting.length === 0 ? '' : readFileSync(this.#options.logFile, 'utf8').slice(-LOG_TAIL)
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${this.#options.name}: ${why}\n${tail}`))
  }
}
