import { MULAW_BYTES_PER_MS, requirePcmRate } from '../audio/format.ts'
import { MULAW_SILENCE } from '../audio/g711.ts'
import type { Clock } from '../clock.ts'
import { UsageError } from '../errors.ts'
import { ByteRing } from './byte-ring.ts'
import { Histogram } from './histogram.ts'
import type { ReportEdge } from './media-edge.ts'
import { type AudioSource, type Playback, QueuedPlayback } from './playback.ts'
import { PlaybackLedger } from './playback-ledger.ts'
import type { StreamPort } from './stream-port.ts'

/**
 * What is to be said: playbacks in their order, encoded as room appears, sent in real time with a lead.
 *
 * Invariants
 * - O1 At most `limitMs` of encoded audio and `MAX_PENDING` playbacks wait; a source is pulled only as there is room.
 * - O2 The carrier holds at most `LEAD_MS` of audio, so that `clear` is heard at once, and at least
 *      `LEAD_MS - BURST_MS` while there is more to say, so that a late tick is not.
 * - O3 Missed audio is sent, never dropped; after the carrier ran dry, time starts anew.
 * - O4 A playback settles exactly once.
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
const MAX_MESSAGE_MS = 100
/** Put before a source that is no faster than real time, since a lead of zero is heard as underruns. */
const PREFILL_MS = 20
const FRAME_BYTES = 20 * MULAW_BYTES_PER_MS
/** Audio that is already in memory is encoded this far ahead, not all at once: a long prompt must not block the loop. */
const HORIZON_MS = 400
/** The level between marks that bounds how far the clock alone is trusted. */
const MARK_EVERY_BYTES = 1_000 * MULAW_BYTES_PER_MS
const CROWDED = 0.7
const RELIEVED = 0.5
/** About four seconds of audio as the wire carries it: past this the network is not keeping up. */
const CONGESTED_BYTES = 64 * 1024
const STALLED_AFTER_MS = 1_000
/** A dry spell longer than this is a pause of the source, not a failure to keep up. */
const PAUSE_MS = 1_000
/** An echo this late will not come: the clock then decides what was heard. */
const ECHO_GRACE_MS = 2_000

export interface OutboundQueueOptions {
  readonly clock: Clock
  readonly report: ReportEdge
  readonly limits?: PacingLimits
}

export class OutboundQueue {
  /** From encoding to sending, in milliseconds. */
  readonly waitMs = new Histogram()
  readonly counters = { framesOut: 0, bytesOut: 0, underruns: 0, worstSendGapMs: 0, bargeIns: 0, droppedMs: 0 }
  /** From attaching the first stream to the first audio sent. */
  firstAudioMs: number | undefined
  readonly #clock: Clock
  readonly #report: ReportEdge
  readonly #ring: ByteRing
  readonly #ledger = new PlaybackLedger()
  readonly #message = new Uint8Array(MAX_MESSAGE_MS * MULAW_BYTES_PER_MS)
  #playlist: QueuedPlayback[] = []
  /** The playback whose next chunk is awaited. */
  #pulling: QueuedPlayback | undefined
  #stream: StreamPort | undefined
  #firstAttachedAt: number | undefined
  #speaking = false
  #crowded = false
  #released = false
  #congestedSince: number | undefined
  #stallReported = false
  #lastSentAt = Number.NEGATIVE_INFINITY
  #markedAt = 0
  /** One byte being timed on its way through the ring: a sample of how long audio waits. */
  #probe: { readonly position: number; readonly at: number } | undefined

  constructor(options: OutboundQueueOptions) {
    this.#clock = options.clock
    this.#report = options.report
    this.#ring = new ByteRing((options.limits ?? DEFAULT_PACING).limitMs * MULAW_BYTES_PER_MS)
  }

  get queueMs(): number {
    return this.#ring.length / MULAW_BYTES_PER_MS
  }

  /** Milliseconds of audio the carrier holds, as far as we know. */
  get leadMs(): number {
    return Math.max(0, this.#ledger.aheadMs(this.#clock.now()))
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
    if (this.#released) {
      playback.fail(new UsageError('CALL_OVER', 'expected a call in progress to play to, got one that is over'))
    } else if (this.#playlist.length >= MAX_PENDING) {
      playback.fail(
        new UsageError(
          'PLAYBACK_OVERFLOW',
          `expected at most ${MAX_PENDING} pending playbacks, got one more; await "finished" before playing on`,
        ),
      )
    } else {
      this.#playlist.push(playback)
      this.#pump(this.#clock.now())
    }
    return playback
  }

  /** Cuts everything now, here and at the carrier. Returns how much of what it cut had been heard, in milliseconds. */
  clear(): { heardMs: number } {
    const now = this.#clock.now()
    const heard = this.#ledger.heard(now)
    const cut = this.#playlist
    const heardMs = cut.reduce((sum, playback) => sum + playback.playedMs(heard), 0)
    this.#stream?.sendClear()
    this.#forgetAll(heard, now)
    if (this.#speaking) {
      this.#speaking = false
      this.counters.bargeIns += 1
      this.#report({ type: 'playback.cleared' })
    }
    return { heardMs }
  }

  attach(stream: StreamPort): void {
    this.detach()
    const now = this.#clock.now()
    this.#stream = stream
    this.#firstAttachedAt ??= now
    this.#pump(now)
  }

  /** The stream is gone, and with it what the carrier had not played; what still waits here waits for the next one. */
  detach(): void {
    if (this.#stream === undefined) return
    this.#stream = undefined
    this.#congestedSince = undefined
    this.#stallReported = false
    const now = this.#clock.now()
    const heard = this.#ledger.heard(now)
    for (const playback of this.#playlist) {
      if (playback.start === undefined || playback.start >= this.#ledger.sent) continue
      if (playback.end !== undefined && playback.end <= this.#ledger.sent) playback.settle(heard, playback.end > heard)
      else playback.unheardBytes += this.#ledger.sent - Math.max(heard, playback.start)
    }
    this.#ledger.forget(now)
    this.#dropSettled()
  }

  noteMark(name: string): void {
    const now = this.#clock.now()
    if (!this.#ledger.noteMark(name, now)) return
    this.#settleHeard(now)
  }

  tick(now: number): void {
    if (this.#playlist.length === 0 && !this.#speaking) return
    this.#pump(now, 'whatever there is')
    this.#settleHeard(now)
  }

  /** The call is over: everything is cut, and nothing can be played any more. */
  release(): void {
    const now = this.#clock.now()
    this.#released = true
    this.#stream = undefined
    this.#forgetAll(this.#ledger.heard(now), now)
  }

  #forgetAll(heard: number, now: number): void {
    this.counters.droppedMs += this.queueMs
    this.#ring.clear()
    this.#probe = undefined
    this.#ledger.forget(now)
    for (const playback of this.#playlist) playback.settle(heard, playback.end === undefined || playback.end > heard)
    this.#playlist = []
    this.#pulling = undefined
    this.#watchDepth()
  }

  #cancel(playback: QueuedPlayback): void {
    const now = this.#clock.now()
    const { sent } = this.#ledger
    const heard = this.#ledger.heard(now)
    if (playback.start !== undefined) {
      const from = Math.max(playback.start, sent)
      const to = Math.max(from, playback.end ?? sent + this.#ring.length)
      this.#ring.remove(from - sent, to - from)
      this.#shift(to, from - to)
      this.#clearAtCarrier(playback, heard, now)
    }
    playback.settle(heard, true)
    if (this.#pulling === playback) this.#pulling = undefined
    this.#dropSettled()
    this.#pump(now)
  }

  /** Empties the carrier's buffer of a cancelled playback, unless others have audio in it. */
  #clearAtCarrier(playback: QueuedPlayback, heard: number, now: number): void {
    const { sent } = this.#ledger
    const isInFlight = (other: QueuedPlayback) =>
      other.start !== undefined && other.start < sent && (other.end === undefined || other.end > heard)
    if (!isInFlight(playback)) return
    if (this.#playlist.some((other) => other !== playback && isInFlight(other))) return
    this.#stream?.sendClear()
    this.#ledger.forget(now)
  }

  #pump(now: number, atLeast: 'a whole frame' | 'whatever there is' = 'a whole frame'): void {
    this.#feed()
    const stream = this.#stream
    if (stream !== undefined && !this.#isCongested(stream, now)) this.#send(stream, now, atLeast)
    this.#watchDepth()
  }

  /** Pulls and encodes while there is room, a bounded amount at a time. */
  #feed(): void {
    let budgetMs = HORIZON_MS
    while (budgetMs > 0 && this.#pulling === undefined && this.#ring.room >= FRAME_BYTES * 2) {
      const playback = this.#playlist.find((candidate) => candidate.end === undefined)
      if (playback === undefined) return
      if (playback.chunk === undefined) this.#pull(playback)
      else budgetMs -= this.#encode(playback, playback.chunk)
    }
  }

  #pull(playback: QueuedPlayback): void {
    try {
      const pulled = playback.pull()
      if (!(pulled instanceof Promise)) return this.#take(playback, pulled)
      this.#pulling = playback
      pulled.then(
        (chunk) => this.#resume(playback, () => this.#take(playback, chunk)),
        (error: unknown) => this.#resume(playback, () => this.#drop(playback, error)),
      )
    } catch (error) {
      this.#drop(playback, error)
    }
  }

  /** A source has answered; unless it was cut meanwhile, go on. */
  #resume(playback: QueuedPlayback, goOn: () => void): void {
    if (this.#pulling !== playback) return
    this.#pulling = undefined
    goOn()
    this.#pump(this.#clock.now())
  }

  #take(playback: QueuedPlayback, pulled: Int16Array | 'exhausted'): void {
    if (pulled !== 'exhausted') {
      playback.chunk = pulled
      playback.offset = 0
      return
    }
    const tail = playback.encoder.flush(this.#message)
    if (playback.start !== undefined) this.#ring.write(this.#message.subarray(0, tail))
    // The filter's tail belongs to the last samples; it is not more speech.
    playback.unheardBytes += playback.start === undefined ? 0 : tail
    playback.start ??= this.#enqueued
    playback.end = this.#enqueued
    this.#settleHeard(this.#clock.now())
  }

  /** The source failed: what came of it is still heard, and the playback's owner is told at once. */
  #drop(playback: QueuedPlayback, error: unknown): void {
    playback.fail(error)
    playback.chunk = undefined
    playback.start ??= this.#enqueued
    playback.end = this.#enqueued
    this.#settleHeard(this.#clock.now())
  }

  /** Encodes the next 20 ms of the chunk; returns the milliseconds encoded. */
  #encode(playback: QueuedPlayback, chunk: Int16Array): number {
    const samples = chunk.subarray(playback.offset, playback.offset + playback.rate / 50)
    const bytes = playback.encoder.encode(samples, this.#message)
    playback.start ??= this.#enqueued
    this.#ring.write(this.#message.subarray(0, bytes))
    this.#probe ??= { position: this.#enqueued, at: this.#clock.now() }
    playback.offset += samples.length
    if (playback.offset >= chunk.length) playback.chunk = undefined
    // An empty or tiny chunk still costs a turn: a source of those must not hold the loop either.
    return Math.max(1, bytes / MULAW_BYTES_PER_MS)
  }

  get #enqueued(): number {
    return this.#ledger.sent + this.#ring.length
  }

  #isCongested(stream: StreamPort, now: number): boolean {
    if (stream.bufferedBytes() <= CONGESTED_BYTES) {
      this.#congestedSince = undefined
      this.#stallReported = false
      return false
    }
    this.#congestedSince ??= now
    if (!this.#stallReported && this.#ring.length > 0 && now - this.#congestedSince >= STALLED_AFTER_MS) {
      this.#stallReported = true
      this.#report({ type: 'queue.stalled', at: now })
    }
    return true
  }

  #send(stream: StreamPort, now: number, atLeast: 'a whole frame' | 'whatever there is'): void {
    while (this.#ring.length > 0 && this.#ledger.aheadMs(now) <= LEAD_MS - BURST_MS) {
      const ending = this.#playlist.find((playback) => playback.end !== undefined && playback.end > this.#ledger.sent)
      const left = Math.min(this.#ring.length, ending?.end === undefined ? Infinity : ending.end - this.#ledger.sent)
      if (left < FRAME_BYTES && ending === undefined && atLeast === 'a whole frame') return
      const prefill = this.#prefill(now)
      const room = (LEAD_MS - Math.max(0, this.#ledger.aheadMs(now))) * MULAW_BYTES_PER_MS - prefill
      const wanted = Math.min(left, this.#message.length - prefill, Math.floor(room))
      this.#ring.read(this.#message.subarray(prefill, prefill + wanted))
      this.#sendMessage(stream, prefill + wanted, now)
    }
  }

  /** Puts silence before real-time audio that meets a dry carrier; returns its bytes. */
  #prefill(now: number): number {
    const isDry = this.#ledger.aheadMs(now) <= 0
    const isLive = this.#playlist.some((playback) => playback.start !== undefined && playback.end === undefined)
    const bytes = PREFILL_MS * MULAW_BYTES_PER_MS
    if (!isDry || !isLive || this.#ring.length >= bytes + FRAME_BYTES) return 0
    this.#message.fill(MULAW_SILENCE, 0, bytes)
    this.#shift(this.#ledger.sent, bytes)
    return bytes
  }

  /** Moves what lies at or after `position` by `by` bytes: silence was put in, or a cancelled playback taken out. */
  #shift(position: number, by: number): void {
    for (const playback of this.#playlist) {
      if (playback.start === undefined) continue
      if (playback.start >= position) playback.start += by
      else if (by > 0 && (playback.end === undefined || playback.end > position)) playback.unheardBytes += by
      if (playback.end !== undefined && playback.end >= position) playback.end += by
    }
  }

  #sendMessage(stream: StreamPort, bytes: number, now: number): void {
    this.#noteCadence(now)
    stream.sendMedia(this.#message.subarray(0, bytes))
    this.#ledger.noteSent(bytes, now)
    this.counters.bytesOut += bytes
    this.counters.framesOut = Math.ceil(this.counters.bytesOut / FRAME_BYTES)
    if (this.#probe !== undefined && this.#probe.position <= this.#ledger.sent) {
      this.waitMs.record(now - this.#probe.at)
      this.#probe = undefined
    }
    const { sent } = this.#ledger
    const endsHere = this.#playlist.some((playback) => playback.end === sent)
    if (!this.#speaking || endsHere || sent - this.#markedAt >= MARK_EVERY_BYTES) {
      this.#markedAt = sent
      stream.sendMark(this.#ledger.placeMark())
    }
    if (this.#speaking) return
    this.#speaking = true
    this.#report({ type: 'playback.started' })
  }

  #noteCadence(now: number): void {
    if (this.#firstAttachedAt !== undefined) this.firstAudioMs ??= now - this.#firstAttachedAt
    const gap = now - this.#lastSentAt
    this.#lastSentAt = now
    if (!this.#speaking || gap > PAUSE_MS) return
    this.counters.worstSendGapMs = Math.max(this.counters.worstSendGapMs, gap)
    const { sent } = this.#ledger
    const isMidway = this.#playlist.some((playback) => playback.start !== undefined && playback.start < sent)
    if (this.#ledger.aheadMs(now) < 0 && isMidway) this.counters.underruns += 1
  }

  #settleHeard(now: number): void {
    const proven = this.#ledger.aheadMs(now) < -ECHO_GRACE_MS ? this.#ledger.sent : this.#ledger.proven
    for (const playback of this.#playlist) {
      if (playback.end === undefined || playback.end > proven) break
      playback.settle(playback.end, false)
    }
    this.#dropSettled()
  }

  #dropSettled(): void {
    this.#playlist = this.#playlist.filter((playback) => !playback.settled || this.#owesAudio(playback))
    if (!this.#speaking || this.#playlist.length > 0) return
    this.#speaking = false
    this.#report({ type: 'playback.drained' })
  }

  /** A failed source's last words are still in the queue: they keep their place until they were sent. */
  #owesAudio(playback: QueuedPlayback): boolean {
    return playback.end !== undefined && playback.end > this.#ledger.sent
  }

  #watchDepth(): void {
    const fill = this.#ring.length / this.#ring.limit
    if (this.#crowded ? fill > RELIEVED : fill <= CROWDED) return
    this.#crowded = !this.#crowded
    this.#report({ type: this.#crowded ? 'queue.crowded' : 'queue.relieved' })
  }
}
