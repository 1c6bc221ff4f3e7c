import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isCallId } from '../call-id.ts'
import type { CallFacts } from '../directory.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { CallRecorder, CallTape, Happening } from '../recorder.ts'
import { type Discretion, discreet } from './discretion.ts'
import { headerOf } from './header.ts'
import { LineFile } from './line-file.ts'
import { readOutline } from './outline.ts'

export interface FileRecorderOptions {
  /** Made when it is not there. */
  readonly folder: string
  readonly logger: Logger
  /** What was said, and which keys were pressed; default true. */
  readonly audio?: boolean
  /** Telephone numbers as they are; default false, masked. */
  readonly numbers?: boolean
  /** Bytes of one call that may wait for a slow disk, 8 MiB: ten minutes. Past that lines are dropped, and the file says so. */
  readonly maxWaitingBytes?: number
}

const MAX_WAITING_BYTES = 8 * 1024 * 1024
/** A disk that hangs does not hold up the end of the program. */
const CLOSE_PATIENCE_MS = 5_000

/**
 * Writes each call to a file of its own, `FOLDER/CALL-ID.jsonl`. A folder that cannot be written to, or a full disk, is
 * logged once; calls go on without being recorded.
 */
export function createFileRecorder(options: FileRecorderOptions): CallRecorder {
  return new FileRecorder(options)
}

class FileRecorder implements CallRecorder {
  readonly #options: FileRecorderOptions
  readonly #discretion: Discretion
  readonly #open = new Set<LineFile>()
  #hasComplained = false

  constructor(options: FileRecorderOptions) {
    this.#options = options
    this.#discretion = { audio: options.audio ?? true, numbers: options.numbers ?? false }
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      this.#complain(error)
    }
  }

  open(call: CallFacts): CallTape {
    const file = new LineFile({
      path: this.#pathOf(call.id),
      maxWaitingBytes: this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES,
      onFault: (error) => this.#complain(error),
    })
    this.#open.add(file)
    void file.closed.then(() => this.#open.delete(file))
    file.write(headerOf(call, this.#discretion), true)
    return new FileTape(file, this.#discretion)
  }

  async read(callId: string): Promise<string | undefined> {
    // The id becomes a path.
    if (!isCallId(callId)) return undefined
    const path = this.#pathOf(callId)
    return existsSync(path) ? readOutline(path) : undefined
  }

  async close(): Promise<void> {
    for (const file of this.#open) file.end()
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_PATIENCE_MS)
    })
    await Promise.race([Promise.all([...this.#open].map((file) => file.closed)), patience])
    clearTimeout(timer)
  }

  #pathOf(callId: string): string {
    return join(this.#options.folder, `${callId}.jsonl`)
  }

  #complain(error: unknown): void {
    if (this.#hasComplained) return
    this.#hasComplained = true
    const { folder, logger } = this.#options
    logger.error(
      { folder, cause: messageOf(error) },
      'calls cannot be recorded: expected a folder with room to write to',
    )
  }
}

class FileTape implements CallTape {
  readonly #file: LineFile
  readonly #discretion: Discretion

  constructor(file: LineFile, discretion: Discretion) {
    this.#file = file
    this.#discretion = discretion
  }

  note(at: number, happening: Happening): void {
    const line = { at: Math.round(at * 100) / 100, ...discreet(happening, this.#discretion) }
    if (happening.what === 'end') this.#file.end(line)
    else this.#file.write(line, !isMedia(happening))
  }

  close(): void {
    this.#file.end()
  }
}

/** Media may wait for more of its kind; what is rare is on disk at once, in case the process dies. */
function isMedia(happening: Happening): boolean {
  return (happening.what === 'received' || happening.what === 'sent') && happening.message.event === 'media'
}
