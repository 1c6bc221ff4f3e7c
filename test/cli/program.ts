import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** The compiled program as somebody at a terminal has it. */

export const ROOT = join(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'dist/src/cli/main.js')

/** Starting a program takes half a second, on a busy machine several. */
const PATIENCE_MS = 10_000

/**
 * Nothing of the developer's own environment, and no `.env` of theirs: see `cwd`. How busy the machine is decides nothing.
 */
const BARE = { PATH: process.env['PATH'], HOME: process.env['HOME'], CALLCHART_MAX_LATENESS_MS: '0' }

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Compiles what has changed, so that the program is the one whose source is here. */
export async function build(): Promise<void> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  // What does not compile is the type check's to tell; it is emitted all the same.
  await promisify(execFile)(process.execPath, [tsc, '-b', join(ROOT, 'src'), join(ROOT, 'src/inspector/page')]).catch(
    () => undefined,
  )
}

/** Runs a command to its end. */
export function callchart(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Program([process.execPath, MAIN, ...args], options).ended
}

/** Starts a command that goes on until it is told to stop. */
export function startCallchart(args: readonly string[], options: RunOptions = {}): Program {
  return new Program([process.execPath, MAIN, ...args], options)
}

/** A process of ours. */
export class Program {
  stdout = ''
  stderr = ''
  readonly ended: Promise<Outcome>
  readonly #process
  readonly #waiting = new Set<() => void>()
  /** Its records, unless a test brings a place for them: two servers never share one. */
  readonly #dataDir = join(tmpdir(), `callchart-data-${randomUUID()}`)
  #isOver = false

  constructor([file = '', ...args]: readonly string[], { env = {}, cwd = tmpdir() }: RunOptions) {
    // In a group of its own, so that whatever it starts can be ended with it.
    this.#process = spawn(file, args, {
      cwd,
      env: { ...BARE, ...(args.includes('serve') ? { CALLCHART_DATA_DIR: this.#dataDir } : {}), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => this.#note('stdout', text))
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => this.#note('stderr', text))
    this.ended = once(this.#process, 'close').then(([code]) => {
      this.#isOver = true
      const outcome = { code: code as number | null, stdout: this.stdout, stderr: this.stderr }
      for (const look of this.#waiting) look()
      return outcome
    })
  }

  /** Resolves once the program has written what is expected; rejects when it ends without, or takes too long. */
  says(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stderr'): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        clearTimeout(patience)
        this.#waiting.delete(look)
        outcome()
      }
      const giveUp = () =>
        settle(() => reject(new Error(`expected ${String(pattern)} on ${stream}, got: ${this.stdout}${this.stderr}`)))
      const look = () => {
        if (pattern.test(this[stream])) settle(resolve)
        else if (this.#isOver) giveUp()
      }
      const patience = setTimeout(giveUp, PATIENCE_MS)
      this.#waiting.add(look)
      look()
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** Whatever has become of it, it is gone afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this.#process
    if (!this.#isOver && pid !== undefined) process.kill(-pid, 'SIGKILL')
    await this.ended
    await rm(this.#dataDir, { recursive: true, force: true })
  }

  #note(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text
    for (const look of this.#waiting) look()
  }
}

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'callchart-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
