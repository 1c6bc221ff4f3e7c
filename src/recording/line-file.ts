import { createWriteStream, type WriteStream } from 'node:fs'

export interface LineFileOptions {
  readonly path: string
  /** Bytes that may wait for a slow disk; what comes on top is dropped and counted. */
  readonly maxWaitingBytes: number
  readonly onFault: (error: Error) => void
}

/** Lines gathered before they are handed to the file: half a second of a call. */
const BATCH_BYTES = 16 * 1024

/** An append-only file of JSON lines. `write` takes no time and never fails; what went wrong is told once. */
export class LineFile {
  /** Resolves when the file is closed, whole or broken. */
  readonly closed: Promise<void>
  readonly #options: LineFileOptions
  readonly #file: WriteStream
  #batch: string[] = []
  #batchBytes = 0
  #dropped = 0
  #isBroken = false

  constructor(options: LineFileOptions) {
    this.#options = options
    // Whoever may read recordings is the operator's to say: until then, nobody else.
    this.#file = createWriteStream(options.path, { flags: 'wx', mode: 0o600 })
    this.closed = new Promise((resolve) => this.#file.once('close', () => resolve()))
    this.#file.on('error', (error) => this.#noteBroken(error))
  }

  /** @param isUrgent hands the line to the file at once, with those before it. */
  write(line: object, isUrgent: boolean): void {
    if (this.#isBroken || this.#file.writableEnded) return
    const text = `${JSON.stringify(line)}\n`
    if (this.#waitingBytes + text.length > this.#options.maxWaitingBytes) {
      this.#dropped += 1
      return
    }
    if (this.#dropped > 0) this.#confess(line)
    this.#gather(text)
    if (isUrgent || this.#batchBytes >= BATCH_BYTES) this.#flush()
  }

  /** Writes `line` whatever the room, and closes the file. */
  end(line?: object): void {
    if (this.#isBroken || this.#file.writableEnded) return
    if (this.#dropped > 0) this.#confess(line ?? {})
    if (line !== undefined) this.#gather(`${JSON.stringify(line)}\n`)
    this.#flush()
    this.#file.end()
  }

  get #waitingBytes(): number {
    return this.#batchBytes + this.#file.writableLength
  }

  #gather(text: string): void {
    this.#batch.push(text)
    this.#batchBytes += text.length
  }

  /** The file itself says that something is missing, and where. */
  #confess(next: object): void {
    const at = 'at' in next ? next.at : 0
    this.#gather(`${JSON.stringify({ at, what: 'dropped', lines: this.#dropped })}\n`)
    this.#dropped = 0
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    this.#file.write(this.#batch.join(''))
    this.#batch = []
    this.#batchBytes = 0
  }

  #noteBroken(error: Error): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#batch = []
    this.#options.onFault(error)
  }
}
