import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  utimes,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError, messageOf } from '../errors.ts'
import { archivePath } from './archive-path.ts'
import { type ArchiveDatabase, openUnshared } from './database.ts'

const PULSE_MS = 1_000

/**
 * A folder that one server has for itself. The kernel holds the lock, on `calls.lock`: it goes with the process, however
 * that ends, and no number of a process that is long gone can be in the way. Whose it is stands in `calls.pid`, a file
 * of its own, since closing any other descriptor of the locked file would give the lock away; its age tells the next
 * process when this one was last alive.
 */
export class FolderLock {
  /** When the process that had the folder before, and did not give it back, was last alive: epoch milliseconds. */
  readonly aliveAt: number | undefined
  readonly #lock: ArchiveDatabase
  readonly #pidPath: string
  readonly #pulse: NodeJS.Timeout

  private constructor(lock: ArchiveDatabase, pidPath: string, aliveAt: number | undefined) {
    this.aliveAt = aliveAt
    this.#lock = lock
    this.#pidPath = pidPath
    this.#pulse = setInterval(() => {
      const now = new Date()
      // Where it cannot be written, the next process knows less.
      utimes(pidPath, now, now, () => {})
    }, PULSE_MS).unref()
  }

  /**
   * Makes the folder, too, and an archive's file in it that nobody else may read. Throws ConfigurationError
   * `CONFIG_INVALID` when another server has it, or it cannot be written to.
   */
  static take(folder: string): FolderLock {
    const pidPath = join(folder, 'calls.pid')
    const lock = attempt(folder, () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      touch(join(folder, 'calls.lock'))
      return openUnshared(join(folder, 'calls.lock'))
    })
    if (lock === undefined) throw inUse(folder, pidPath)
    attempt(folder, () => touch(archivePath(folder)))
    const aliveAt = statSync(pidPath, { throwIfNoEntry: false })?.mtimeMs
    notePid(pidPath)
    return new FolderLock(lock, pidPath, aliveAt)
  }

  release(): void {
    clearInterval(this.#pulse)
    try {
      rmSync(this.#pidPath, { force: true })
    } catch {
      // What cannot be tidied up is in nobody's way.
    }
    this.#lock.exec('ROLLBACK')
    this.#lock.close()
  }
}

/**
 * The database keeps to the rights of its file in all that it lays beside it. A file that is there is not opened: to
 * close it would give away what this process may have locked already.
 */
function touch(path: string): void {
  if (existsSync(path)) chmodSync(path, 0o600)
  else closeSync(openSync(path, 'ax', 0o600))
}

/** Only to be told to whoever comes second: a full disk keeps nobody from starting. */
function notePid(path: string): void {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600 })
  } catch {
    // Then the process is told as unknown.
  }
}

function attempt<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new ConfigurationError(
      'CONFIG_INVALID',
      `expected a folder for call records that can be written to, got ${folder}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

function inUse(folder: string, pidPath: string): ConfigurationError {
  return new ConfigurationError(
    'CONFIG_INVALID',
    `expected a folder for call records that no other server uses, got ${folder}, which process ${pidIn(pidPath)} has`,
  )
}

/** Written a moment after the lock was taken. */
function pidIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim() || 'unknown'
  } catch {
    return 'unknown'
  }
}
