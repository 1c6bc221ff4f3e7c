import { open } from 'node:fs/promises'

/**
 * Writes a WAV file of 16-bit integers piece by piece, wherever a piece belongs: what is left out is silence, and takes
 * no room where the file system knows holes.
 *
 * Invariants
 * - W1 Every few seconds of audio, and only after it was written, the header is told how much there is: a file whose
 *      writer was killed is a good one of all but its last seconds. (A length of "unknown" would be taken by few readers.)
 * - W2 Nobody waits for the disk. What has no room to wait is left out.
 * - W3 What went wrong is told once; after an error of the disk nothing is written any more.
 */

/** As much of a file as is needed here; Node's own, as a rule. */
export interface WritableFile {
  /** May write less than it was given. */
  write(bytes: Uint8Array, from: number, count: number, position: number): Promise<{ readonly bytesWritten: number }>
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

export interface WavWriterOptions {
  /** Must not exist. */
  readonly path: string
  /** Hz. */
  readonly sampleRate: number
  readonly channels: number
  /** Bytes that may wait for a slow disk. */
  readonly maxWaitingBytes: number
  readonly onFault: (error: Error) => void
  readonly open?: (path: string) => Promise<WritableFile>
}

const BYTES_PER_SAMPLE = 2
const HEADER_BYTES = 44
const HEADER_EVERY_SECONDS = 5
/** The format counts bytes in 32 bits. */
const MOST_DATA_BYTES = 0xffff_ffff - HEADER_BYTES

interface Piece {
  readonly bytes: Uint8Array
  /** In the file. */
  readonly position: number
}

export class WavWriter {
  readonly #options: WavWriterOptions
  readonly #bytesPerFrame: number
  readonly #file: Promise<WritableFile>
  #waiting: Piece[] = []
  #waitingBytes = 0
  /** Settles when nothing waits any more. */
  #writing: Promise<void> | undefined
  /** Of data: where the last piece ends, and what the header says. */
  #writtenBytes = 0
  #declaredBytes = 0
  #state: 'open' | 'broken' | 'closed' = 'open'
  #hasComplained = false

  constructor(options: WavWriterOptions) {
    this.#options = options
    this.#bytesPerFrame = options.channels * BYTES_PER_SAMPLE
    this.#file = (options.open ?? openPrivately)(options.path)
    this.#enqueue({ bytes: this.#header(0), position: 0 })
  }

  /**
   * Writes `samples`, interleaved, from `frame` on: so many samples of each channel from the beginning. They must not be
   * changed afterwards. False when they are left out.
   */
  write(samples: Int16Array, frame: number): boolean {
    if (this.#state !== 'open') return false
    const from = frame * this.#bytesPerFrame
    if (from + samples.byteLength > MOST_DATA_BYTES) return this.#leaveOut('expected at most 4 GiB in a WAV file')
    if (this.#waitingBytes + samples.byteLength > this.#options.maxWaitingBytes) {
      return this.#leaveOut(`expected a disk that keeps up, got one with ${this.#waitingBytes} bytes waiting for it`)
    }
    this.#enqueue({ bytes: toLittleEndian(samples), position: HEADER_BYTES + from })
    return true
  }

  /** Resolves when the file, of so many samples a channel, is whole; as false when there is none. */
  async close(frames: number): Promise<boolean> {
    if (this.#state === 'open') this.#state = 'closed'
    try {
      await this.#writing
      if (this.#state === 'broken') return false
      const file = await this.#file
      const dataBytes = Math.min(frames * this.#bytesPerFrame, MOST_DATA_BYTES)
      await file.truncate(HEADER_BYTES + dataBytes)
      await writeWhole(file, { bytes: this.#header(dataBytes), position: 0 })
      await file.close()
      return true
    } catch (error) {
      this.#breakOff(error as Error)
      return false
    }
  }

  #enqueue(piece: Piece): void {
    this.#waiting.push(piece)
    this.#waitingBytes += piece.bytes.length
    this.#writing ??= this.#writeAll().catch((error: Error) => this.#breakOff(error))
  }

  async #writeAll(): Promise<void> {
    const file = await this.#file
    for (let piece = this.#waiting.shift(); piece !== undefined; piece = this.#waiting.shift()) {
      await writeWhole(file, piece)
      this.#waitingBytes -= piece.bytes.length
      this.#writtenBytes = Math.max(this.#writtenBytes, piece.position + piece.bytes.length - HEADER_BYTES)
      await this.#declare(file)
    }
    this.#writing = undefined
  }

  async #declare(file: WritableFile): Promise<void> {
    const everyBytes = HEADER_EVERY_SECONDS * this.#options.sampleRate * this.#bytesPerFrame
    if (this.#writtenBytes - this.#declaredBytes < everyBytes) return
    this.#declaredBytes = this.#writtenBytes
    await writeWhole(file, { bytes: this.#header(this.#declaredBytes), position: 0 })
  }

  #leaveOut(why: string): false {
    this.#complain(new Error(why))
    return false
  }

  #breakOff(error: Error): void {
    if (this.#state === 'broken') return
    this.#state = 'broken'
    this.#waiting = []
    this.#file.then((file) => file.close()).catch(() => {})
    this.#complain(error)
  }

  #complain(error: Error): void {
    if (this.#hasComplained) return
    this.#hasComplained = true
    this.#options.onFault(error)
  }

  /** RFC 2361; http://soundfile.sapp.org/doc/WaveFormat/ */
  #header(dataBytes: number): Uint8Array {
    const { channels, sampleRate } = this.#options
    const header = Buffer.alloc(HEADER_BYTES)
    header.write('RIFF', 0, 'latin1')
    header.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4)
    header.write('WAVEfmt ', 8, 'latin1')
    header.writeUInt32LE(16, 16)
    header.writeUInt16LE(1, 20)
    header.writeUInt16LE(channels, 22)
    header.writeUInt32LE(sampleRate, 24)
    header.writeUInt32LE(sampleRate * this.#bytesPerFrame, 28)
    header.writeUInt16LE(this.#bytesPerFrame, 32)
    header.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34)
    header.write('data', 36, 'latin1')
    header.writeUInt32LE(dataBytes, 40)
    return header
  }
}

const IS_BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0

function toLittleEndian(samples: Int16Array): Uint8Array {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)
  return IS_BIG_ENDIAN ? Buffer.from(bytes).swap16() : bytes
}

/** Whoever may listen is the operator's to say: until then, nobody else. */
function openPrivately(path: string): Promise<WritableFile> {
  return open(path, 'wx', 0o600)
}

/** A disk that is nearly full takes less than it is given. */
async function writeWhole(file: WritableFile, { bytes, position }: Piece): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    if (bytesWritten === 0) throw new Error(`expected to write ${bytes.length - done} bytes, wrote none`)
    done += bytesWritten
  }
}
