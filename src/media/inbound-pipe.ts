import { Buffer } from 'node:buffer'
import { MULAW_BYTES_PER_MS, PCM_SAMPLES_PER_MS } from '../audio/format.ts'
import { MULAW_SILENCE } from '../audio/g711.ts'
import { TelephoneDecoder } from '../audio/telephone-codec.ts'
import type { Clock } from '../clock.ts'
import { UsageError } from '../errors.ts'
import { BoundedChannel } from './bounded-channel.ts'
import { ChunkAssembler } from './chunk-assembler.ts'
import { Histogram } from './histogram.ts'
import type { ReportEdge } from './media-edge.ts'
import { SpeechDetector } from './speech-detector.ts'

/**
 * What the far end says, from base64 mu-law to whole chunks of 16 kHz PCM.
 *
 * Invariants
 * - I1 n bytes in are 2n samples out: with a frame of any length, a listener gets exactly 16 samples a millisecond.
 * - I2 Time is the carrier's: where `timestamp` runs ahead of the audio by more than 40 ms, silence takes the lost
 *      audio's place (10 s at most); the first timestamp is only the origin.
 * - I3 A message older than one already heard is never replayed.
 * - I4 A listener's exception is the agent's trouble: the pipe and the other listeners go on.
 */

/** Scratch for the frame being handled; one pair serves all calls, since a frame is handled in one go. */
export class InboundScratch {
  readonly bytes: Buffer
  readonly pcm: Int16Array

  /** @param maxMessageBytes the largest message that can arrive; base64 makes three bytes of four. */
  constructor(maxMessageBytes: number) {
    this.bytes = Buffer.alloc(Math.ceil((maxMessageBytes * 3) / 4))
    this.pcm = new Int16Array(this.bytes.length * 2)
  }
}

const JUMP_MS = 40
const LONGEST_FILL_MS = 10_000
/** Longer than any pause a carrier makes between frames, shorter than a person's patience with a dead line. */
const SILENT_AFTER_MS = 3_000
const MAX_CHUNK_MS = 1_000
/** What an `audio()` reader may fall behind. */
const TAP_LIMIT_MS = 10_000
const SILENT_FRAME = new Uint8Array(20 * MULAW_BYTES_PER_MS).fill(MULAW_SILENCE)

export type AudioListener = (pcm: Int16Array) => void

export interface InboundPipeOptions {
  readonly clock: Clock
  readonly scratch: InboundScratch
  readonly report: ReportEdge
  /** Called with what a listener threw. */
  readonly onListenerFault: (error: unknown) => void
}

export class InboundPipe {
  readonly decodeMs = new Histogram()
  readonly counters = { framesIn: 0, bytesIn: 0, gapsFilledMs: 0, sequenceGaps: 0, droppedMs: 0 }
  readonly #clock: Clock
  readonly #scratch: InboundScratch
  readonly #report: ReportEdge
  readonly #onListenerFault: (error: unknown) => void
  readonly #decoder = new TelephoneDecoder()
  readonly #speech: SpeechDetector
  readonly #assemblers = new Set<ChunkAssembler>()
  readonly #taps = new Set<BoundedChannel<Int16Array>>()
  #lastSequence = 0
  /** Where the carrier's time stands against the audio handed on: `timestamp` minus delivered milliseconds. */
  #originMs: number | undefined
  #deliveredMs = 0
  #lastMediaAt: number
  #silent = false
  #watching = false

  constructor(options: InboundPipeOptions) {
    this.#clock = options.clock
    this.#scratch = options.scratch
    this.#report = options.report
    this.#onListenerFault = options.onListenerFault
    this.#speech = new SpeechDetector((talking) => this.#report({ type: talking ? 'speech.started' : 'speech.ended' }))
    this.#lastMediaAt = options.clock.now()
  }

  /** Level of the latest frame, in dBFS. */
  get levelDbfs(): number {
    return this.#speech.levelDbfs
  }

  /** A fresh stream counts its time and its messages anew. */
  attach(): void {
    this.#lastSequence = 0
    this.#originMs = undefined
    this.#deliveredMs = 0
    this.#lastMediaAt = this.#clock.now()
    this.#silent = false
    this.#watching = true
  }

  detach(): void {
    this.#watching = false
  }

  /** Every message of a stream counts in one sequence. Returns false for one that is older than what was handled. */
  noteSequence(sequenceNumber: number): boolean {
    if (sequenceNumber <= this.#lastSequence) return false
    if (this.#lastSequence > 0 && sequenceNumber !== this.#lastSequence + 1) this.counters.sequenceGaps += 1
    this.#lastSequence = sequenceNumber
    return true
  }

  /**
   * One media message: its carrier time in milliseconds and its base64 payload of any length.
   * Returns false, and does nothing, when the payload is not base64.
   */
  accept(timestampMs: number, payload: string): boolean {
    const length = decodeBase64(payload, this.#scratch.bytes)
    if (length === undefined) return false
    const now = this.#clock.now()
    this.#noteAlive(now)
    this.counters.framesIn += 1
    this.counters.bytesIn += length
    this.#fillGap(timestampMs)
    this.#deliver(this.#scratch.bytes.subarray(0, length))
    this.decodeMs.record(this.#clock.now() - now)
    return true
  }

  tick(now: number): void {
    if (!this.#watching || this.#silent || now - this.#lastMediaAt < SILENT_AFTER_MS) return
    this.#silent = true
    this.#report({ type: 'media.silent', at: now })
  }

  /**
   * Calls `listener` with every `chunkMs` of audio: 16 kHz mono, in a buffer that is reused, so copy it to keep it.
   * Returns the function that ends it.
   */
  onAudio(listener: AudioListener, chunkMs: number): () => void {
    const assembler = new ChunkAssembler(requireChunkMs(chunkMs) * PCM_SAMPLES_PER_MS, (chunk) => {
      try {
        listener(chunk)
      } catch (error) {
        this.#assemblers.delete(assembler)
        this.#onListenerFault(error)
      }
    })
    this.#assemblers.add(assembler)
    return () => this.#assemblers.delete(assembler)
  }

  /** The same as an async iterable whose buffers are the reader's own; a reader 10 s behind loses the oldest. */
  audio(chunkMs: number): AsyncIterable<Int16Array> {
    const tap = new BoundedChannel<Int16Array>(TAP_LIMIT_MS / requireChunkMs(chunkMs), {
      onDrop: () => {
        this.counters.droppedMs += chunkMs
        this.#report({ type: 'audio.dropped', ms: chunkMs })
      },
      onReturn: () => {
        stop()
        this.#taps.delete(tap)
      },
    })
    const stop = this.onAudio((pcm) => tap.push(pcm.slice()), chunkMs)
    this.#taps.add(tap)
    return tap
  }

  /** Ends every listener; readers get what they had not read yet, then the end. */
  release(): void {
    this.#watching = false
    this.#assemblers.clear()
    for (const tap of this.#taps) tap.close()
    this.#taps.clear()
  }

  #noteAlive(now: number): void {
    this.#lastMediaAt = now
    if (!this.#silent) return
    this.#silent = false
    this.#report({ type: 'media.resumed' })
  }

  #fillGap(timestampMs: number): void {
    if (this.#originMs === undefined) this.#originMs = timestampMs
    const missingMs = timestampMs - this.#originMs - this.#deliveredMs
    if (Math.abs(missingMs) <= JUMP_MS) return
    if (missingMs < 0 || missingMs > LONGEST_FILL_MS) this.#originMs = timestampMs - this.#deliveredMs
    if (missingMs < 0) return
    const fillMs = Math.min(missingMs, LONGEST_FILL_MS)
    if (missingMs > LONGEST_FILL_MS) this.#originMs -= fillMs
    this.counters.gapsFilledMs += fillMs
    for (let left = Math.round(fillMs * MULAW_BYTES_PER_MS); left > 0; left -= SILENT_FRAME.length) {
      this.#deliver(SILENT_FRAME.subarray(0, left))
    }
  }

  #deliver(mulaw: Uint8Array): void {
    this.#deliveredMs += mulaw.length / MULAW_BYTES_PER_MS
    this.#speech.push(mulaw)
    // Audio that nobody listens to is counted and dropped; the filter keeps no history worth its cost.
    if (this.#assemblers.size === 0) return
    const count = this.#decoder.decode(mulaw, this.#scratch.pcm)
    const pcm = this.#scratch.pcm.subarray(0, count)
    for (const assembler of this.#assemblers) assembler.push(pcm)
  }
}

/** Decodes into `out`; undefined unless `text` is whole base64. Node's own decoder skips what it does not know. */
function decodeBase64(text: string, out: Buffer): number | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const expected = (text.length / 4) * 3 - padding
  return out.write(text, 0, 'base64') === expected ? expected : undefined
}

function requireChunkMs(chunkMs: number): number {
  if (Number.isInteger(chunkMs) && chunkMs >= 1 && chunkMs <= MAX_CHUNK_MS) return chunkMs
  throw new UsageError(
    'AUDIO_FORMAT_UNSUPPORTED',
    `expected chunkMs to be a whole number from 1 to ${MAX_CHUNK_MS}, got ${String(chunkMs)}`,
  )
}
