import { FRAME_MS, MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { MAX_FLUSH_BYTES } from '../audio/telephone-codec.ts'
import type { Clock } from '../clock.ts'
import type { PullResult } from './audio-source.ts'
import type { ByteRing } from './byte-ring.ts'
import type { Cadence } from './cadence.ts'
import { isBetterSkipped } from './live-audio.ts'
import type { QueuedPlayback } from './playback.ts'
import type { PlaybackLedger } from './playback-ledger.ts'
import type { Playlist } from './playlist.ts'

/**
 * Reads the sources of a playlist, one behind the other, and encodes them into the ring.
 *
 * Invariants
 * - S1 A source is pulled only while the ring has room, one chunk at a time, and only once the one before it is dry. One
 *      that has its next words at hand is not pulled far ahead: what is encoded early is thrown away by every barge-in.
 * - S2 Between two calls of `renew` at most `TURN_MS` of audio is encoded, whatever is played: nothing blocks the loop.
 * - S3 What a source says after its playback was cut is ignored.
 * - S4 A live source that has fallen behind catches up: by its pauses first, and at any price past the limit.
 */

/** Twenty times real time: a long prompt fills the ring within half a second, a few frames at a time. */
const TURN_MS = 400
/** Of what is at hand, so much is encoded ahead: enough for a loop that is blocked for long, and no more. */
const AHEAD_MS = 500
/** What an empty or tiny chunk counts for: a source of nothing but those must not hold the loop either. */
const LEAST_COST_MS = 0.25
/** Room for the frame that is encoded next, and for the filter's tail. */
const LEAST_ROOM = FRAME_MS * MULAW_BYTES_PER_MS + MAX_FLUSH_BYTES
/** Between encoder and ring; like the encoder's own scratch, it holds nothing from call to call. */
const scratch = new Uint8Array(LEAST_ROOM)

export interface SourceFeedOptions {
  readonly clock: Clock
  readonly playlist: Playlist
  readonly ring: ByteRing
  readonly ledger: PlaybackLedger
  readonly cadence: Cadence
  /** A source is dry, or failed: its playback now has an `end`. */
  readonly onEnd: (playback: QueuedPlayback) => void
  /** So many milliseconds of a live source were left out. */
  readonly onSkip: (ms: number) => void
  /** A source that was waited for has answered. */
  readonly onAnswer: () => void
  /** What went wrong here while a promise was followed up: a bug of ours. */
  readonly onFault: (error: unknown) => void
}

export class SourceFeed {
  readonly #options: SourceFeedOptions
  /** The playback whose next chunk is awaited. */
  #pulling: QueuedPlayback | undefined
  /** What may still be encoded before the next tick. */
  #budgetMs = TURN_MS

  constructor(options: SourceFeedOptions) {
    this.#options = options
  }

  /** A tick has come, or everything was cut: there is time to encode again. */
  renew(): void {
    this.#budgetMs = TURN_MS
  }

  /** Encodes what there is, as far as there is room and time. */
  fill(): void {
    const { ring, playlist } = this.#options
    while (this.#budgetMs > 0 && this.#pulling === undefined && ring.room >= LEAST_ROOM) {
      const playback = playlist.reading
      if (playback === undefined) return
      if (playback.isAtHand && ring.length >= AHEAD_MS * MULAW_BYTES_PER_MS) return
      if (playback.chunk === undefined) this.#pull(playback)
      else this.#encode(playback, playback.chunk)
    }
  }

  /** Does not wait any longer for this playback, or for any. */
  forget(playback: QueuedPlayback | undefined = this.#pulling): void {
    if (this.#pulling === playback) this.#pulling = undefined
  }

  #pull(playback: QueuedPlayback): void {
    this.#pulling = playback
    let pulled: PullResult
    try {
      pulled = playback.pull()
    } catch (error) {
      if (this.#isAwaited(playback)) this.#drop(playback, error)
      return
    }
    if (pulled === 'not yet') playback.whenReady(() => this.#askAgain(playback))
    else if (pulled instanceof Promise) this.#await(playback, pulled)
    else if (this.#isAwaited(playback)) this.#take(playback, pulled)
  }

  /** Called by whoever pushes audio into a live source, whose trouble it is not. */
  #askAgain(playback: QueuedPlayback): void {
    const { onAnswer, onFault } = this.#options
    try {
      if (!this.#isAwaited(playback)) return
      onAnswer()
      // It was only lent, and there was no room or no time for all of it.
      playback.chunk = playback.chunk?.slice()
    } catch (error) {
      onFault(error)
    }
  }

  #await(playback: QueuedPlayback, pulled: Promise<Int16Array | 'exhausted'>): void {
    const { onAnswer, onFault } = this.#options
    const goOn = (handle: () => void) => {
      if (!this.#isAwaited(playback)) return
      handle()
      onAnswer()
    }
    pulled
      .then(
        (chunk) => goOn(() => this.#take(playback, chunk)),
        (error: unknown) => goOn(() => this.#drop(playback, error)),
      )
      .catch(onFault)
  }

  /** A source has answered; false when its playback was cut meanwhile, be it by the source itself. */
  #isAwaited(playback: QueuedPlayback): boolean {
    if (this.#pulling !== playback) return false
    this.#pulling = undefined
    return true
  }

  #take(playback: QueuedPlayback, pulled: Int16Array | 'exhausted'): void {
    if (pulled === 'exhausted') {
      if (playback.start !== undefined) this.#flush(playback)
      this.#end(playback)
    } else if (pulled.length === 0) {
      this.#budgetMs -= LEAST_COST_MS
    } else if (playback.isLive && isBetterSkipped(pulled, this.#delayMs)) {
      this.#budgetMs -= LEAST_COST_MS
      this.#options.onSkip((pulled.length * 1000) / playback.rate)
    } else {
      playback.chunk = pulled
      playback.offset = 0
    }
  }

  /** The source failed: what came of it is still heard, and the playback's owner is told at once. */
  #drop(playback: QueuedPlayback, error: unknown): void {
    playback.fail(error)
    this.#end(playback)
  }

  #end(playback: QueuedPlayback): void {
    playback.start ??= this.#enqueued
    playback.end = this.#enqueued
    this.#options.onEnd(playback)
  }

  /** Encodes the next 20 ms of the chunk. */
  #encode(playback: QueuedPlayback, chunk: Int16Array): void {
    const { ring, cadence, clock } = this.#options
    const frame = (playback.rate / 1000) * FRAME_MS
    const isWhole = playback.offset === 0 && chunk.length <= frame
    const samples = isWhole ? chunk : chunk.subarray(playback.offset, playback.offset + frame)
    const bytes = playback.encoder.encode(samples, scratch)
    playback.start ??= this.#enqueued
    ring.write(scratch, bytes)
    if (bytes > 0) cadence.noteEncoded(this.#enqueued, clock.now())
    playback.offset += samples.length
    if (playback.offset >= chunk.length) playback.chunk = undefined
    this.#budgetMs -= Math.max(LEAST_COST_MS, bytes / MULAW_BYTES_PER_MS)
  }

  #flush(playback: QueuedPlayback): void {
    const tail = playback.encoder.flush(scratch)
    this.#options.ring.write(scratch, tail)
    // The filter's tail belongs to the last samples; it is not more speech.
    playback.unheardBytes += tail
  }

  /** How long it would take until what is encoded now is heard. */
  get #delayMs(): number {
    const { ledger, ring, clock } = this.#options
    return Math.max(0, ledger.aheadMs(clock.now())) + ring.length / MULAW_BYTES_PER_MS
  }

  get #enqueued(): number {
    return this.#options.ledger.sent + this.#options.ring.length
  }
}
