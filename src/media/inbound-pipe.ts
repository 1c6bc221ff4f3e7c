import { Buffer } from 'node:buffer'
import { FRAME_MS, MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { MULAW_SILENCE } from '../audio/g711.ts'
import { SampleBlock } from '../audio/sample-block.ts'
import { TelephoneDecoder } from '../audio/telephone-codec.ts'
import type { Clock } from '../clock.ts'
import { type AudioListener, AudioListeners, requireChunkMs } from './audio-listeners.ts'
import { CarrierTime } from './carrier-time.ts'
import { Histogram } from './histogram.ts'
import { LiveAudio } from './live-audio.ts'
import type { ReportEdge } from './media-edge.ts'
import { SpeechDetector } from './speech-detector.ts'
import type { Wiretap } from './wiretap.ts'

export type { AudioListener } from './audio-listeners.ts'

/**
 * What the far end says, from base64 mu-law to whole chunks of 16 kHz PCM.
 *
 * Invariants
 * - I1 n bytes in are 2n samples out: with a frame of any length, a listener gets exactly 16 samples a millisecond.
 * - I2 Time is the carrier's: where `timestamp` runs ahead of the audio by more than 40 ms, silence takes the lost
 *      audio's place (10 s at most); the first timestamp is only the origin.
 * - I3 A message older than one already heard is never replayed.
 * - I4 A listener's exception is the agent's trouble: the pipe and the other listeners go on.
 * - I5 A reader holds at most 10 s of audio, and is told at most once a second of what it lost.
 * - I6 While held, no listener is given anything, not even silence: for the agent, time stands still. All else goes on.
 */

/** Scratch for the frame being handled; one pair serves all calls, since a frame is handled in one go. */
export class InboundScratch {
  readonly bytes: Buffer
  readonly pcm: Int16Array
  readonly #bytes: SampleBlock<Uint8Array>
  readonly #pcm: SampleBlock

  /** @param maxMessageBytes the largest message that can arrive; base64 makes three bytes of four. */
  constructor(maxMessageBytes: number) {
    this.bytes = Buffer.alloc(Math.ceil((maxMessageBytes * 3) / 4))
    this.pcm = new Int16Array(this.bytes.length * 2)
    this.#bytes = new SampleBlock(new Uint8Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length))
    this.#pcm = new SampleBlock(this.pcm)
  }

  firstBytes(count: number): Uint8Array {
    return this.#bytes.first(count)
  }

  firstSamples(count: number): Int16Array {
    return this.#pcm.first(count)
  }
}

/** Longer than any pause a carrier makes between frames, shorter than a person's patience with a dead line. */
const SILENT_AFTER_MS = 3_000
/** Carriers may leave silence out: somebody of whom nothing comes for so long has stopped talking. */
const HUSHED_AFTER_MS = 1_000
/** What an `audio()` reader may fall behind. */
const TAP_LIMIT_MS = 10_000
const TELL_DROPS_EVERY_MS = 1_000
const SILENT_FRAME = new Uint8Array(FRAME_MS * MULAW_BYTES_PER_MS).fill(MULAW_SILENCE)

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
  /** Whoever keeps what is said; nobody as a rule. */
  wiretap: Wiretap | undefined
  readonly #clock: Clock
  readonly #scratch: InboundScratch
  readonly #report: ReportEdge
  readonly #decoder = new TelephoneDecoder()
  readonly #time = new CarrierTime()
  readonly #speech: SpeechDetector
  readonly #listeners: AudioListeners
  #taps: readonly LiveAudio[] = []
  #line: 'absent' | 'flowing' | 'silent' | 'released' = 'absent'
  #isHeld = false
  #lastSequence = 0
  #lastMediaAt: number
  /** Dropped for slow readers and not told yet. */
  #untoldMs = 0
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(options: InboundPipeOptions) {
    this.#clock = options.clock
    this.#scratch = options.scratch
    this.#report = options.report
    this.#listeners = new AudioListeners(options.onListenerFault)
    this.#speech = new SpeechDetector((talking) => this.#report({ type: talking ? 'speech.started' : 'speech.ended' }))
    this.#lastMediaAt = options.clock.now()
  }

  /** Level of the latest 20 ms, in dBFS. */
  get levelDbfs(): number {
    return this.#speech.levelDbfs
  }

  /** Monotonic milliseconds: when the stream's latest media came, or else the stream. */
  get lastMediaAt(): number {
    return this.#lastMediaAt
  }

  /** A fresh stream counts its time and its messages anew. */
  attach(): void {
    if (this.#line === 'released') return
    this.#lastSequence = 0
    this.#time.reset()
    this.#decoder.reset()
    this.wiretap?.noteAttached()
    this.#lastMediaAt = this.#clock.now()
    this.#line = 'flowing'
  }

  detach(): void {
    if (this.#line !== 'released') this.#line = 'absent'
    this.#speech.hush()
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  /**
   * The agent hears nothing until `resume`. Whoever is talking is told of as silent first, and again before the end: so
   * every start of speech that the agent is told of has its end, though what is told meanwhile is not for it.
   */
  hold(): void {
    this.#speech.hush()
    this.#isHeld = true
  }

  resume(): void {
    this.#speech.hush()
    this.#isHeld = false
    this.#decoder.reset()
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
    this.#deliver(this.#scratch.firstBytes(length))
    this.decodeMs.record(this.#clock.now() - now)
    return true
  }

  tick(now: number): void {
    this.#tellDrops(now)
    if (this.#line !== 'flowing') return
    const quietMs = now - this.#lastMediaAt
    if (quietMs >= HUSHED_AFTER_MS) this.#speech.hush()
    if (quietMs < SILENT_AFTER_MS) return
    this.#line = 'silent'
    this.#report({ type: 'media.silent', at: now })
  }

  /**
   * Calls `listener` with every `chunkMs` of audio: 16 kHz mono, in a buffer that is reused, so copy it to keep it.
   * Returns the function that ends it. Throws `AUDIO_FORMAT_UNSUPPORTED` unless `chunkMs` is whole and 1 to 1000.
   */
  onAudio(listener: AudioListener, chunkMs: number): () => void {
    // Nobody listened, so the filter remembers what was said long ago.
    if (this.#listeners.size === 0) this.#decoder.reset()
    const end = this.#listeners.add(listener, chunkMs)
    if (this.#line === 'released') end()
    return end
  }

  /** The same as an async iterable whose buffers are the reader's own; a reader 10 s behind loses the oldest. */
  audio(chunkMs: number): AsyncIterable<Int16Array> {
    const tap = new LiveAudio(Math.floor(TAP_LIMIT_MS / requireChunkMs(chunkMs)), {
      onDrop: () => this.#noteDropped(chunkMs),
      onReturn: () => {
        stop()
        tap.close()
        this.#taps = this.#taps.filter((other) => other !== tap)
      },
    })
    const stop = this.onAudio((pcm) => tap.lend(pcm), chunkMs)
    if (this.#line === 'released') tap.close()
    else this.#taps = this.#taps.concat(tap)
    return tap
  }

  /** Ends every listener; readers get what they had not read yet, then the end. */
  release(): void {
    this.#line = 'released'
    this.#listeners.clear()
    for (const tap of this.#taps) tap.close()
    this.#taps = []
  }

  #noteAlive(now: number): void {
    this.#lastMediaAt = now
    if (this.#line !== 'silent') return
    this.#line = 'flowing'
    this.#report({ type: 'media.resumed' })
  }

  #fillGap(timestampMs: number): void {
    const gapMs = this.#time.gapBefore(timestampMs)
    this.counters.gapsFilledMs += gapMs
    for (let left = Math.round(gapMs * MULAW_BYTES_PER_MS); left > 0; left -= SILENT_FRAME.length) {
      this.#deliver(SILENT_FRAME.subarray(0, left))
    }
  }

  #deliver(mulaw: Uint8Array): void {
    this.#time.noteDelivered(mulaw.length / MULAW_BYTES_PER_MS)
    this.#speech.push(mulaw)
    this.wiretap?.hear(mulaw)
    // Audio that nobody listens to is counted and dropped.
    if (this.#listeners.size === 0 || this.#isHeld) return
    const count = this.#decoder.decode(mulaw, this.#scratch.pcm)
    this.#listeners.push(this.#scratch.firstSamples(count))
  }

  #noteDropped(ms: number): void {
    this.counters.droppedMs += ms
    this.#untoldMs += ms
    this.#tellDrops(this.#clock.now())
  }

  #tellDrops(now: number): void {
    if (this.#untoldMs === 0 || now - this.#toldAt < TELL_DROPS_EVERY_MS) return
    const ms = this.#untoldMs
    this.#untoldMs = 0
    this.#toldAt = now
    this.#report({ type: 'audio.dropped', ms })
  }
}

/**
 * Decodes into `out`; undefined unless `text` is whole base64 (of either alphabet, RFC 4648 sections 4 and 5). Node's own
 * decoder skips what it does not know.
 */
function decodeBase64(text: string, out: Buffer): number | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const expected = (text.length / 4) * 3 - padding
  return out.write(text, 0, 'base64') === expected ? expected : undefined
}
