import { isAnyArrayBuffer } from 'node:util/types'
import { MULAW_BYTES_PER_MS, type PcmRate } from '../audio/format.ts'
import { TelephoneEncoder } from '../audio/telephone-codec.ts'
import { UsageError } from '../errors.ts'

/** 16-bit mono PCM at the rate given beside it: whole, or in chunks of any size as they come to be. */
export type AudioSource = Int16Array | Iterable<Int16Array> | AsyncIterable<Int16Array>

export interface PlaybackResult {
  /** How much of it the far end has really heard. */
  readonly playedMs: number
  /** True when it was cut short: by `clear`, `cancel`, a lost stream or the end of the call. */
  readonly interrupted: boolean
}

/** What `play` returns. */
export interface Playback {
  /** Settles when the far end has heard it all, or when it was cut. Rejects only with the source's own error or `PLAYBACK_OVERFLOW`. */
  readonly finished: Promise<PlaybackResult>
  /** Cuts this playback; others stay in the queue. */
  cancel(): void
}

type PullResult = Int16Array | 'exhausted' | Promise<Int16Array | 'exhausted'>

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
  /** The chunk being encoded. */
  chunk: Int16Array | undefined
  offset = 0
  readonly #next: () => PullResult
  readonly #stop: () => void
  readonly #cancel: (playback: QueuedPlayback) => void
  #resolve!: (result: PlaybackResult) => void
  #reject!: (error: unknown) => void
  #settled = false

  constructor(source: AudioSource, rate: PcmRate, cancel: (playback: QueuedPlayback) => void) {
    this.encoder = new TelephoneEncoder(rate)
    this.rate = rate
    this.#cancel = cancel
    this.finished = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Nobody has to await `finished`: its rejection alone must not end the process.
    this.finished.catch(() => {})
    const puller = pullerOf(source)
    this.#next = puller.next
    this.#stop = puller.stop
  }

  cancel(): void {
    if (!this.#settled) this.#cancel(this)
  }

  /** The next chunk of the source: at once where it is already there, else as a promise. */
  pull(): PullResult {
    return this.#next()
  }

  get settled(): boolean {
    return this.#settled
  }

  /** @param heard bytes the far end has heard, on the same count as `start`. */
  settle(heard: number, interrupted: boolean): void {
    if (this.#settled) return
    this.#settled = true
    this.#stop()
    this.#resolve({ playedMs: this.playedMs(heard), interrupted })
  }

  fail(error: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.#stop()
    this.#reject(error)
  }

  playedMs(heard: number): number {
    if (this.start === undefined) return 0
    const heardOfThis = Math.min(heard, this.end ?? heard) - this.start - this.unheardBytes
    return Math.max(0, heardOfThis) / MULAW_BYTES_PER_MS
  }
}

function pullerOf(source: AudioSource): { next: () => PullResult; stop: () => void } {
  if (source instanceof Int16Array) {
    let given = false
    const once = () => {
      if (given) return 'exhausted'
      given = true
      return source
    }
    return { next: once, stop: () => {} }
  }
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    const iterator = source[Symbol.asyncIterator]()
    return {
      next: async () => toChunk(await iterator.next()),
      // A source is told that nobody listens any more; what it makes of that is its own affair.
      stop: () => void Promise.resolve(iterator.return?.()).catch(() => {}),
    }
  }
  if (typeof source === 'object' && source !== null && Symbol.iterator in source && !ArrayBuffer.isView(source)) {
    const iterator = source[Symbol.iterator]()
    return { next: () => toChunk(iterator.next()), stop: () => void iterator.return?.() }
  }
  throw new UsageError(
    'AUDIO_SOURCE_INVALID',
    `expected an Int16Array, or an (async) iterable of them, got ${nameOf(source)}`,
  )
}

function toChunk(result: IteratorResult<unknown, unknown>): Int16Array | 'exhausted' {
  if (result.done === true) return 'exhausted'
  if (result.value instanceof Int16Array) return result.value
  throw new UsageError(
    'AUDIO_SOURCE_INVALID',
    `expected the audio source to yield Int16Array chunks, got ${nameOf(result.value)}; ` +
      'PcmByteReader makes them from bytes',
  )
}

function nameOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return typeof value
  return isAnyArrayBuffer(value) ? 'ArrayBuffer' : value.constructor?.name || 'an object'
}
