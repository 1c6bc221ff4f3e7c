import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { TELEPHONE_RATE } from '../audio/format.ts'
import { WavWriter, type WavWriterOptions } from '../audio/wav-writer.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { TwoChannelLine } from './two-channel-line.ts'

export interface CallAudioOptions {
  /** Made when it is not there. */
  readonly folder: string
  readonly logger: Logger
  /** Bytes of one call that may wait for a slow disk, 4 MiB: two minutes. Past that the file is silent where there was no room. */
  readonly maxWaitingBytes?: number
  /** How long a disk that hangs may hold up `close`, 5 s. */
  readonly patienceMs?: number
  /** Opens a file that must not exist; on the file system unless said. */
  readonly openFile?: WavWriterOptions['open']
}

/** What one call sounds like, on its way to disk: what the media plane tells of is taken as it comes. */
export interface CallAudioTape {
  /** What the far end said, and what it is to hear: mu-law at 8 kHz, from `at` on, in milliseconds of the call's clock. */
  inbound(mulaw: Uint8Array, at: number): void
  outbound(mulaw: Uint8Array, at: number): void
  /** Of what it was to hear, nothing from `at` on is heard. */
  cut(at: number): void
  /** The source has failed: the recording ends here. */
  fault(error: unknown): void
  /** Resolves with the file's path when it is whole; with undefined when it is lost. The same each time. */
  close(): Promise<string | undefined>
}

export interface CallAudioRecorder {
  /** @param startedAt where the recording begins, in milliseconds of the call's clock. Takes no time and never throws. */
  open(callId: string, startedAt: number): CallAudioTape
  /** Resolves when every recording is whole, or known to be lost. */
  close(): Promise<void>
}

const MAX_WAITING_BYTES = 4 * 1024 * 1024
const PATIENCE_MS = 5_000
/** Longer than any lead, and than most troubles of a network. */
const CHANGEABLE_MS = 2_000

/**
 * Writes what is said in each call to `FOLDER/CALL-ID.wav`, 16-bit at 8 kHz: left the far end, right what it heard of us.
 * A folder that cannot be written to, and a disk that is full or too slow, are logged once; calls go on without.
 */
export function createCallAudioRecorder(options: CallAudioOptions): CallAudioRecorder {
  return new FolderOfCallAudio(options)
}

class FolderOfCallAudio implements CallAudioRecorder {
  readonly #options: CallAudioOptions
  readonly #open = new Set<CallAudioTape>()
  #hasFolder = false
  #hasComplained = false

  constructor(options: CallAudioOptions) {
    this.#options = options
  }

  open(callId: string, startedAt: number): CallAudioTape {
    this.#makeFolder()
    const { folder, maxWaitingBytes = MAX_WAITING_BYTES, patienceMs = PATIENCE_MS } = this.#options
    const tape = new WavTape({
      path: join(folder, `${callId}.wav`),
      startedAt,
      maxWaitingBytes,
      patienceMs,
      openFile: this.#options.openFile,
      onFault: (error) => this.#complain(error),
      onClosed: () => this.#open.delete(tape),
    })
    this.#open.add(tape)
    return tape
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#open, (tape) => tape.close()))
  }

  /** Not before somebody wants to be kept: most nodes never keep anybody. */
  #makeFolder(): void {
    if (this.#hasFolder) return
    this.#hasFolder = true
    try {
      mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      this.#complain(error)
    }
  }

  #complain(error: unknown): void {
    if (this.#hasComplained) return
    this.#hasComplained = true
    const { folder, logger } = this.#options
    logger.error(
      { folder, cause: messageOf(error) },
      'what is said cannot be kept: expected a folder with room to write to',
    )
  }
}

interface WavTapeOptions {
  readonly path: string
  readonly startedAt: number
  readonly maxWaitingBytes: number
  readonly patienceMs: number
  readonly openFile: WavWriterOptions['open'] | undefined
  readonly onFault: (error: unknown) => void
  readonly onClosed: () => void
}

class WavTape implements CallAudioTape {
  readonly #options: WavTapeOptions
  readonly #writer: WavWriter
  readonly #line: TwoChannelLine
  #closed: Promise<string | undefined> | undefined

  constructor(options: WavTapeOptions) {
    const { path, maxWaitingBytes, onFault, openFile } = options
    this.#options = options
    this.#writer = new WavWriter({
      path,
      sampleRate: TELEPHONE_RATE,
      channels: 2,
      maxWaitingBytes,
      onFault,
      ...(openFile === undefined ? {} : { open: openFile }),
    })
    this.#line = new TwoChannelLine({
      changeableMs: CHANGEABLE_MS,
      onSettled: (samples, from) => this.#writer.write(samples, from),
    })
  }

  inbound(mulaw: Uint8Array, at: number): void {
    if (this.#closed === undefined) this.#line.put('left', mulaw, at - this.#options.startedAt)
  }

  outbound(mulaw: Uint8Array, at: number): void {
    if (this.#closed === undefined) this.#line.put('right', mulaw, at - this.#options.startedAt)
  }

  cut(at: number): void {
    if (this.#closed === undefined) this.#line.cut('right', at - this.#options.startedAt)
  }

  fault(error: unknown): void {
    this.#options.onFault(error)
    void this.close()
  }

  close(): Promise<string | undefined> {
    this.#closed ??= this.#finish()
    return this.#closed
  }

  async #finish(): Promise<string | undefined> {
    const { path, patienceMs, onFault, onClosed } = this.#options
    const whole = this.#writer.close(this.#line.finish())
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<false>((resolve) => {
      timer = setTimeout(() => {
        onFault(new Error(`expected the disk to take the rest within ${patienceMs} ms`))
        resolve(false)
      }, patienceMs)
    })
    const isWhole = await Promise.race([whole, patience])
    clearTimeout(timer)
    onClosed()
    return isWhole ? path : undefined
  }
}
