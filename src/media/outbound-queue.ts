import { FRAME_MS, MULAW_BYTES_PER_MS, requirePcmRate } from '../audio/format.ts'
import { MULAW_SILENCE } from '../audio/g711.ts'
import type { Clock } from '../clock.ts'
import { UsageError } from '../errors.ts'
import type { AudioSource } from './audio-source.ts'
import { ByteRing } from './byte-ring.ts'
import { Cadence } from './cadence.ts'
import { Congestion } from './congestion.ts'
import type { ReportEdge } from './media-edge.ts'
import { OutgoingMessage } from './outgoing-message.ts'
import { type Playback, QueuedPlayback } from './playback.ts'
import { PlaybackLedger } from './playback-ledger.ts'
import { Playlist } from './playlist.ts'
import { SourceFeed } from './source-feed.ts'
import type { StreamPort } from './stream-port.ts'
import { TICK_MS } from './ticker.ts'

/**
 * What is to be said: playbacks in their order, encoded as room appears, sent in real time with a lead.
 *
 * Invariants
 * - O1 At most `limitMs` of encoded audio and `MAX_PENDING` playbacks wait; a source is pulled only as there is room.
 * - O2 The carrier holds at most `LEAD_MS` of audio, and at least `LEAD_MS - BURST_MS` while there is more to say, so
 *      that a late tick is not heard.
 * - O3 Missed audio is sent, never dropped; after the carrier ran dry, time starts anew, with more in hand each time.
 * - O4 A playback settles exactly once.
 * - O5 Every playback's end is marked, so that it settles by what was heard, and the clock decides only where no echo
 *      comes.
 */

export interface PacingLimits {
  /** Most encoded audio that may wait, in milliseconds. */
  readonly limitMs: number
}

export const DEFAULT_PACING: PacingLimits = { limitMs: 10_000 }

const MAX_PENDING = 32
/** The carrier's buffer is filled up to this. */
const LEAD_MS = 160
/** It may run down by this before it is filled again: fewer, larger messages are what makes a frame cheap. */
const BURST_MS = 60
/** Room for one frame, by the next tick. */
const LIVE_BURST_MS = FRAME_MS + TICK_MS
const MAX_MESSAGE_BYTES = 100 * MULAW_BYTES_PER_MS
/** Put before a source that is no faster than real time, since a lead of zero is heard as underruns. */
const PREFILL_MS = 20
/** Each underrun shows that the line wants more; past this, the delay is worse than what it cures. */
const MOST_PREFILL_MS = 80
const FRAME_BYTES = FRAME_MS * MULAW_BYTES_PER_MS
/** The level between marks that bounds how far the clock alone is trusted. */
const MARK_EVERY_BYTES = 1_000 * MULAW_BYTES_PER_MS
const CROWDED = 0.7
const RELIEVED = 0.5

export interface OutboundQueueOptions {
  readonly clock: Clock
  readonly report: ReportEdge
  /** What went wrong here while a source's answer was followed up: a bug of ours. */
  readonly onFault: (error: unknown) => void
  readonly limits?: PacingLimits
}

export class OutboundQueue {
  readonly cadence = new Cadence()
  readonly counters = { bargeIns: 0, droppedMs: 0 }
  readonly #clock: Clock
  readonly #report: ReportEdge
  readonly #ring: ByteRing
  readonly #ledger = new PlaybackLedger()
  readonly #playlist = new Playlist()
  readonly #feed: SourceFeed
  readonly #congestion: Congestion
  readonly #message = new OutgoingMessage(MAX_MESSAGE_BYTES)
  #stream: StreamPort | undefined
  #voice: 'quiet' | 'waiting' | 'speaking' = 'quiet'
  #crowded = false
  #released = false

  constructor(options: OutboundQueueOptions) {
    this.#clock = options.clock
    this.#report = options.report
    this.#ring = new ByteRing((options.limits ?? DEFAULT_PACING).limitMs * MULAW_BYTES_PER_MS)
    this.#congestion = new Congestion((at) => this.#report({ type: 'queue.stalled', at }))
    this.#feed = new SourceFeed({
      clock: options.clock,
      playlist: this.#playlist,
      ring: this.#ring,
      ledger: this.#ledger,
      cadence: this.cadence,
      onEnd: (playback) => this.#noteEnd(playback),
      onSkip: (ms) => {
        this.counters.droppedMs += ms
      },
      onAnswer: () => this.#pump(this.#clock.now()),
      onFault: options.onFault,
    })
  }

  get queueMs(): number {
    return this.#ring.length / MULAW_BYTES_PER_MS
  }

  /** Milliseconds of audio the carrier holds, as far as we know. */
  get leadMs(): number {
    return Math.max(0, this.#ledger.aheadMs(this.#clock.now()))
  }

  get limitMs(): number {
    return this.#ring.limit / MULAW_BYTES_PER_MS
  }

  /** Level of the last 20 ms that were sent, in dBFS; -Infinity while the carrier has nothing to play. */
  get levelDbfs(): number {
    if (this.leadMs === 0) return -Infinity
    return this.#message.levelDbfs(FRAME_BYTES)
  }

  /** True when everything asked for has been heard, or was cut. */
  get isDrained(): boolean {
    return this.#playlist.length === 0
  }

  /**
   * Appends `source`, 16-bit mono PCM at `rate` (8000, 16000 or 24000 Hz), and returns at once.
   * Throws `AUDIO_SOURCE_INVALID` and `AUDIO_FORMAT_UNSUPPORTED`; past 32 pending playbacks `finished` rejects with
   * `PLAYBACK_OVERFLOW`, after the call's end with `CALL_OVER`. An array must not be changed until it has been heard.
   */
  play(source: AudioSource, rate = 16_000): Playback {
    const playback = new QueuedPlayback(source, requirePcmRate(rate), (cancelled) => this.#cancel(cancelled))
    const refusal = this.#refusal()
    if (refusal === undefined) {
      this.#playlist.append(playback)
      if (this.#voice === 'quiet') this.#voice = 'waiting'
      this.#pump(this.#clock.now())
    } else {
      playback.fail(refusal)
    }
    return playback
  }

  /** Cuts everything now, here and at the carrier. Returns how much of what it cut had been heard, in milliseconds. */
  clear(): { heardMs: number } {
    const now = this.#clock.now()
    const heard = this.#ledger.heard(now)
    const heardMs = this.#playlist.playedMs(heard)
    const voice = this.#voice
    this.#ledger.forget(now)
    this.#stream?.sendClear()
    this.#cutAll(heard)
    if (voice === 'speaking') this.counters.bargeIns += 1
    if (voice !== 'quiet') this.#report({ type: 'playback.cleared' })
    return { heardMs }
  }

  attach(stream: StreamPort): void {
    this.detach()
    const now = this.#clock.now()
    this.#stream = stream
    this.cadence.noteAttached(now)
    this.#pump(now)
  }

  /** The stream is gone, and with it what the carrier had not played; what still waits here waits for the next one. */
  detach(): void {
    if (this.#stream === undefined) return
    const now = this.#clock.now()
    this.#stream = undefined
    this.#congestion.reset()
    this.#playlist.lose(this.#ledger.heard(now), this.#ledger.sent)
    this.#ledger.forget(now)
    this.#settleHeard()
  }

  /** The carrier has echoed a mark. */
  noteMark(name: string): void {
    if (this.#ledger.noteMark(name, this.#clock.now())) this.#settleHeard()
  }

  tick(now: number): void {
    this.#feed.renew()
    if (this.isDrained) return
    this.#pump(now, 'whatever there is')
    this.#ledger.expireMarks(now)
    this.#settleHeard()
  }

  /** The call is over: everything is cut, and nothing can be played any more. */
  release(): void {
    const now = this.#clock.now()
    const heard = this.#ledger.heard(now)
    this.#released = true
    this.#stream = undefined
    this.#ledger.forget(now)
    this.#cutAll(heard)
  }

  #refusal(): UsageError | undefined {
    if (this.#released) {
      return new UsageError('CALL_OVER', 'expected a call in progress to play to, got one that is over')
    }
    if (this.#playlist.length < MAX_PENDING) return undefined
    return new UsageError(
      'PLAYBACK_OVERFLOW',
      `expected at most ${MAX_PENDING} pending playbacks, got one more; await "finished" before playing on`,
    )
  }

  #cutAll(heard: number): void {
    this.counters.droppedMs += this.queueMs
    this.#ring.clear()
    this.cadence.forgetWaiting()
    this.#feed.forget()
    this.#feed.renew()
    this.#voice = 'quiet'
    this.#playlist.cut(heard)
    this.#watchDepth()
  }

  #cancel(playback: QueuedPlayback): void {
    const now = this.#clock.now()
    this.#feed.forget(playback)
    const heard = this.#cutAtCarrier(playback, now)
    this.#playlist.remove(playback)
    this.#takeOut(playback)
    playback.settle(heard)
    this.#settleHeard()
    this.#pump(now)
  }

  /** Takes what waits of a cancelled playback out of the ring. */
  #takeOut(playback: QueuedPlayback): void {
    if (playback.start === undefined) return
    const { sent } = this.#ledger
    const from = Math.max(playback.start, sent)
    const to = Math.max(from, playback.end ?? sent + this.#ring.length)
    if (from === to) return
    this.#ring.remove(from - sent, to - from)
    this.#playlist.excise(from, to)
    this.cadence.forgetWaiting()
    this.counters.droppedMs += (to - from) / MULAW_BYTES_PER_MS
  }

  /**
   * Empties the carrier's buffer of a cancelled playback, unless others have audio in it. Returns up to which position
   * anything is heard.
   */
  #cutAtCarrier(playback: QueuedPlayback, now: number): number {
    const { sent } = this.#ledger
    const heard = this.#ledger.heard(now)
    const held = this.#playlist.heldByCarrier(playback, heard, sent)
    if (held === 'shared') return sent
    if (held === 'only its own') {
      this.#ledger.forget(now)
      this.#stream?.sendClear()
    }
    return heard
  }

  #pump(now: number, atLeast: 'a whole frame' | 'whatever there is' = 'a whole frame'): void {
    this.#feed.fill()
    this.#send(now, atLeast)
    this.#watchDepth()
  }

  #noteEnd(playback: QueuedPlayback): void {
    // What was sent while the source seemed to go on had no mark at its end.
    if (playback.end === this.#ledger.sent && this.#ledger.marked < playback.end) this.#mark(this.#clock.now())
    this.#settleHeard()
  }

  #send(now: number, atLeast: 'a whole frame' | 'whatever there is'): void {
    const stream = this.#stream
    if (stream === undefined || this.#ring.length === 0) return this.#congestion.reset()
    if (this.#congestion.holdsUp(stream.bufferedBytes(), now)) return
    while (this.#stream === stream && this.#ring.length > 0 && this.#isShort(now)) {
      const end = this.#playlist.endAfter(this.#ledger.sent)
      const left = end === undefined ? this.#ring.length : end - this.#ledger.sent
      if (left < FRAME_BYTES && end === undefined && atLeast === 'a whole frame') return
      const prefill = this.#prefill(now)
      const room = (LEAD_MS - Math.max(0, this.#ledger.aheadMs(now))) * MULAW_BYTES_PER_MS - prefill
      const wanted = Math.min(left, MAX_MESSAGE_BYTES - prefill, Math.floor(room))
      this.#ring.read(this.#message.reserve(prefill + wanted), prefill, wanted)
      this.#sendMessage(stream, prefill + wanted, now)
    }
  }

  /**
   * Whether the carrier would have less than the least lead by the next tick. What a live source brings comes a frame at
   * a time anyhow: held back, it would only come late and in bursts.
   */
  #isShort(now: number): boolean {
    const least = LEAD_MS - (this.#playlist.reading?.isLive === true ? LIVE_BURST_MS : BURST_MS)
    return this.#ledger.aheadMs(now) - TICK_MS < least
  }

  /** Puts silence before real-time audio that meets a dry carrier; returns its bytes. */
  #prefill(now: number): number {
    const { sent } = this.#ledger
    const isLive = this.#playlist.reading?.start !== undefined
    const shortfalls = this.cadence.underruns + (this.#playlist.isMidway(sent) ? 1 : 0)
    const bytes = Math.min(MOST_PREFILL_MS, PREFILL_MS * (1 + shortfalls)) * MULAW_BYTES_PER_MS
    if (!isLive || this.#ledger.aheadMs(now) > 0 || this.#ring.length >= bytes + FRAME_BYTES) return 0
    this.#message.reserve(bytes).fill(MULAW_SILENCE, 0, bytes)
    this.#playlist.insertSilence(sent, bytes)
    return bytes
  }

  #sendMessage(stream: StreamPort, bytes: number, now: number): void {
    const state = {
      isMidway: this.#playlist.isMidway(this.#ledger.sent),
      isDry: this.#ledger.aheadMs(now) < 0,
    }
    stream.sendMedia(this.#message.first(bytes))
    this.#ledger.noteSent(bytes, now)
    const { sent } = this.#ledger
    this.cadence.noteSent(bytes, sent, now, state)
    const isFirst = this.#voice !== 'speaking'
    this.#voice = 'speaking'
    if (isFirst || this.#playlist.hasEndAt(sent) || sent - this.#ledger.marked >= MARK_EVERY_BYTES) this.#mark(now)
    if (isFirst) this.#report({ type: 'playback.started' })
  }

  #mark(now: number): void {
    this.#stream?.sendMark(this.#ledger.placeMark(now))
  }

  #settleHeard(): void {
    this.#playlist.settle(this.#ledger.proven)
    if (this.#voice === 'quiet' || !this.isDrained) return
    this.#voice = 'quiet'
    this.#report({ type: 'playback.drained' })
  }

  #watchDepth(): void {
    const fill = this.#ring.length / this.#ring.limit
    if (this.#crowded ? fill > RELIEVED : fill <= CROWDED) return
    this.#crowded = !this.#crowded
    this.#report({ type: this.#crowded ? 'queue.crowded' : 'queue.relieved' })
  }
}
