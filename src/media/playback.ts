import { MULAW_BYTES_PER_MS, type PcmRate } from '../audio/format.ts'
import { TelephoneEncoder } from '../audio/telephone-codec.ts'
import { type AudioSource, type PullResult, readSource, type SourceReader } from './audio-source.ts'

export type { AudioSource } from './audio-source.ts'

export interface PlaybackResult {
  /** How much of it the far end has really heard. */
  readonly playedMs: number
  /** True when it was cut short: by `clear`, `cancel`, what was played later, a lost stream or the end of the call. */
  readonly interrupted: boolean
}

/** What `play` returns. */
export interface Playback {
  /**
   * Settles when the far end has heard it all, or when it was cut. Rejects only with the source's own error,
   * `AUDIO_SOURCE_INVALID`, `PLAYBACK_OVERFLOW` or `CALL_OVER`.
   */
  readonly finished: Promise<PlaybackResult>
  /** Cuts this playback; others stay in the queue. */
  cancel(): void
}

/**
 * One `play`: where its samples come from, where its bytes lie in what is sent, and how it ended.
 * The outbound queue owns it; users see it as {@link Playback}.
 */
export class QueuedPlayback implements Playback {
  readonly finished: Promise<PlaybackResult>
  readonly encoder: TelephoneEncoder
  /** Hz. */
  readonly rate: PcmRate
  /** First byte, and one past the last, counted in bytes enqueued since the call began; `end` once the source is dry. */
  start: number | undefined
  end: number | undefined
  /** Bytes within that are not the source's: prefill, and what a lost stream swallowed. */
  unheardBytes = 0
  /** The chunk being encoded, and how many of its samples have been. */
  chunk: Int16Array | undefined
  offset = 0
  readonly #source: SourceReader
  readonly #onCancel: (playback: QueuedPlayback) => void
  #resolve!: (result: PlaybackResult) => void
  #reject!: (error: unknown) => void
  #settled = false

  /** @throws {UsageError} `AUDIO_SOURCE_INVALID` for what is no audio source. */
  constructor(source: AudioSource, rate: PcmRate, onCancel: (playback: QueuedPlayback) => void) {
    this.#source = readSource(source)
    this.encoder = new TelephoneEncoder(rate)
    this.rate = rate
    this.#onCancel = onCancel
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Nobody has to await `finished`: its rejection alone must not end the process.
    this.finished.catch(() => {})
  }

  cancel(): void {
    if (!this.#settled) this.#onCancel(this)
  }

  /** Whether its source is no faster than time. */
  get isLive(): boolean {
    return this.#source.isLive
  }

  /** Whether its source always answers at once. */
  get isAtHand(): boolean {
    return this.#source.isAtHand
  }

  /** What is known of it and not encoded yet. */
  get unreadMs(): number {
    const inHand = this.chunk === undefined ? 0 : this.chunk.length - this.offset
    return ((this.#source.left + inHand) * 1_000) / this.rate
  }

  /** Of `enqueued` bytes of everybody, `sent` of which are out, and of what is known beyond: how much of this one waits. */
  waitingMs(sent: number, enqueued: number): number {
    if (this.start === undefined) return this.unreadMs
    const waiting = (this.end ?? enqueued) - Math.max(this.start, sent)
    return Math.max(0, waiting) / MULAW_BYTES_PER_MS + this.unreadMs
  }

  /** The next chunk of the source: at once where it is already there, else as a promise, or when `whenReady` says. */
  pull(): PullResult {
    return this.#source.next()
  }

  whenReady(listener: () => void): void {
    this.#source.whenReady(listener)
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Nothing of it is heard beyond `heard`, a position on the same count as `start`. */
  settle(heard: number): void {
    if (this.#settled) return
    this.#settled = true
    this.#resolve({ playedMs: this.playedMs(heard), interrupted: this.end === undefined || this.end > heard })
    this.#source.stop()
  }

  fail(error: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.#reject(error)
    this.#source.stop()
  }

  playedMs(heard: number): number {
    if (this.start === undefined) return 0
    const heardOfThis = Math.min(heard, this.end ?? heard) - this.start - this.unheardBytes
    return Math.max(0, heardOfThis) / MULAW_BYTES_PER_MS
  }
}
