import { MULAW_BYTES_PER_MS, requirePcmRate } from '../audio/format.ts'
import type { Clock } from '../clock.ts'
import { UsageError } from '../errors.ts'
import type { OverflowPolicy } from '../overflow-policy.ts'
import type { AudioSource } from './audio-source.ts'
import { ByteRing } from './byte-ring.ts'
import { Cadence } from './cadence.ts'
import { Crowding } from './crowding.ts'
import type { ReportEdge } from './media-edge.ts'
import { Outlet } from './outlet.ts'
import { Overflow, tooManyPending } from './overflow.ts'
import { DEFAULT_PACING, type PacingLimits } from './pacing.ts'
import { type Playback, QueuedPlayback } from './playback.ts'
import { PlaybackLedger } from './playback-ledger.ts'
import { Playlist } from './playlist.ts'
import { SourceFeed } from './source-feed.ts'
import type { StreamPort } from './stream-port.ts'
import type { Wiretap } from './wiretap.ts'

/**
 * What is to be said: playbacks in their order, encoded as room appears, sent in real time with a lead.
 *
 * Invariants
 * - O1 At most `limitMs` of encoded audio and 32 playbacks wait; a source is pulled only as there is room.
 * - O2 The carrier holds at most 160 ms of audio, and at least 100 ms while there is more to say (`pacing.ts`), so that a
 *      late tick is not heard.
 * - O3 Missed audio is sent, never dropped; after the carrier ran dry, time starts anew, with more in hand each time.
 * - O4 A playback settles exactly once.
 * - O5 Every playback's end is marked, so that it settles by what was heard, and the clock decides only where no echo
 *      comes.
 * - O6 Whoever yields the stream says nothing more, and lets it go once what the carrier had was heard: nothing of that
 *      is lost, and what waits here goes on with the next stream, or the same one.
 * - O7 While too much waits (`overflow.ts`), what more is played waits, takes the place of what has waited longest, or ends
 *      the call, by the call's policy; what was played is never given up but for what is played.
 */

export interface OutboundQueueOptions {
  readonly clock: Clock
  readonly report: ReportEdge
  /** What went wrong here while a source's answer was followed up: a bug of ours. */
  readonly onFault: (error: unknown) => void
  readonly limits?: PacingLimits
  /** What becomes of more while too much waits; it waits, too, unless given. */
  readonly overflow?: OverflowPolicy | undefined
  /** Begins the names of its marks; two queues that share a stream must differ in it. */
  readonly markOwner?: string
}

export class OutboundQueue {
  readonly cadence = new Cadence()
  readonly counters = { bargeIns: 0, droppedMs: 0 }
  readonly #clock: Clock
  readonly #report: ReportEdge
  readonly #ring: ByteRing
  readonly #ledger: PlaybackLedger
  readonly #playlist = new Playlist()
  readonly #feed: SourceFeed
  readonly #outlet: Outlet
  readonly #crowding: Crowding
  readonly #overflow: Overflow
  /** Called when the stream has been yielded; undefined unless that is under way. */
  #onYielded: (() => void) | undefined
  #voice: 'quiet' | 'waiting' | 'speaking' = 'quiet'
  #released = false

  constructor(options: OutboundQueueOptions) {
    this.#clock = options.clock
    this.#report = options.report
    this.#ledger = new PlaybackLedger(options.markOwner)
    this.#ring = new ByteRing((options.limits ?? DEFAULT_PACING).limitMs * MULAW_BYTES_PER_MS)
    this.#crowding = new Crowding((crowded) => this.#report({ type: crowded ? 'queue.crowded' : 'queue.relieved' }))
    const parts = { playlist: this.#playlist, ring: this.#ring, ledger: this.#ledger, cadence: this.cadence }
    this.#overflow = new Overflow({ ...parts, policy: options.overflow ?? 'wait' })
    this.#outlet = new Outlet({
      ...parts,
      onStall: (at) => this.#report({ type: 'queue.stalled', at }),
      breaksSilence: () => this.#breaksSilence(),
      onSpeech: () => this.#report({ type: 'playback.started' }),
    })
    this.#feed = new SourceFeed({
      clock: options.clock,
      ...parts,
      onEnd: (playback) => this.#noteEnd(playback),
      onSkip: (ms) => {
        this.counters.droppedMs += ms
      },
      onAnswer: () => this.#pump(this.#clock.now()),
      onFault: options.onFault,
    })
  }

  /** Whoever keeps what is heard; nobody as a rule. */
  get wiretap(): Wiretap | undefined {
    return this.#outlet.wiretap
  }

  set wiretap(wiretap: Wiretap | undefined) {
    this.#outlet.wiretap = wiretap
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
    return this.#outlet.levelDbfs
  }

  /** True when everything asked for has been heard, or was cut. */
  get isDrained(): boolean {
    return this.#playlist.length === 0
  }

  /**
   * Appends `source`, 16-bit mono PCM at `rate` (8000, 16000 or 24000 Hz), and returns at once.
   * Throws `AUDIO_SOURCE_INVALID` and `AUDIO_FORMAT_UNSUPPORTED`; past 32 pending playbacks `finished` rejects with
   * `PLAYBACK_OVERFLOW`, unless the policy is another than to wait, and after the call's end with `CALL_OVER`. An array
   * must not be changed until it has been heard.
   */
  play(source: AudioSource, rate = 16_000): Playback {
    const playback = new QueuedPlayback(source, requirePcmRate(rate), (cancelled) => this.#cancel(cancelled))
    if (this.#released) playback.fail(callOver())
    else if (!this.#overflow.isDue) this.#append(playback)
    else if (this.#overflow.policy === 'drop-oldest') this.#displace(playback)
    else if (this.#overflow.policy === 'end-call') this.#giveUp(playback)
    else playback.fail(tooManyPending())
    return playback
  }

  /** Cuts everything now, here and at the carrier. Returns how much of what it cut had been heard, in milliseconds. */
  clear(): { heardMs: number } {
    const { heardMs, voice } = this.#silence()
    if (voice === 'speaking') this.counters.bargeIns += 1
    if (voice !== 'quiet') this.#report({ type: 'playback.cleared' })
    this.#yieldIfHeard()
    return { heardMs }
  }

  /** Cuts everything like `clear`, but nobody has spoken over it: it is no barge-in, and told as `playback.drained`. */
  cut(): void {
    if (this.isDrained) return
    this.#silence()
    this.#report({ type: 'playback.drained' })
    this.#yieldIfHeard()
  }

  /** Attached again while it is being yielded, the stream is kept. */
  attach(stream: StreamPort): void {
    this.#onYielded = undefined
    if (stream !== this.#outlet.stream) this.detach()
    const now = this.#clock.now()
    this.#outlet.open(stream)
    this.cadence.noteAttached(now)
    this.#pump(now)
  }

  /**
   * Leaves the stream to somebody else: nothing more is sent, and `onYielded` is called, at once or later, when all that
   * the carrier had was heard or lost. What is played meanwhile waits for `attach`.
   */
  yieldStream(onYielded: () => void): void {
    this.#onYielded = onYielded
    this.#outlet.shut()
    if (this.#ledger.marked < this.#ledger.sent) this.#outlet.mark(this.#clock.now())
    this.#yieldIfHeard()
  }

  /** The stream is gone, and with it what the carrier had not played; what still waits here waits for the next one. */
  detach(): void {
    if (this.#outlet.stream === undefined) return
    const now = this.#clock.now()
    this.#outlet.letGo()
    this.#playlist.lose(this.#ledger.heard(now), this.#ledger.sent)
    this.#ledger.forget(now)
    this.wiretap?.cut(now)
    this.#settleHeard()
  }

  /** The carrier has echoed a mark. */
  noteMark(name: string): void {
    if (this.#ledger.noteMark(name, this.#clock.now())) this.#settleHeard()
  }

  tick(now: number): void {
    this.#feed.renew()
    if (this.isDrained && this.#onYielded === undefined) return
    this.#pump(now, 'whatever there is')
    if (this.#ledger.tellsOfSilence(now)) this.#report({ type: 'queue.stalled', at: now })
    this.#ledger.expireMarks(now)
    this.#settleHeard()
  }

  /** The call is over: everything is cut, and nothing can be played any more. */
  release(): void {
    const now = this.#clock.now()
    const heard = this.#ledger.heard(now)
    this.#released = true
    this.#outlet.letGo()
    this.#onYielded = undefined
    this.#ledger.forget(now)
    this.#cutAll(heard)
  }

  #silence() {
    const now = this.#clock.now()
    const heard = this.#ledger.heard(now)
    const heardMs = this.#playlist.playedMs(heard)
    const voice = this.#voice
    this.#outlet.clear(now)
    this.#cutAll(heard)
    return { heardMs, voice }
  }

  #append(playback: QueuedPlayback): void {
    this.#playlist.append(playback)
    if (this.#voice === 'quiet') this.#voice = 'waiting'
    this.#pump(this.#clock.now())
  }

  /** Gives up as much of what waits as is needed. */
  #displace(playback: QueuedPlayback): void {
    const before = this.counters.droppedMs
    for (let stale = this.#overflow.surplus; stale !== undefined; stale = this.#overflow.surplus) {
      this.counters.droppedMs += stale.unreadMs
      this.#cut(stale)
    }
    const ms = this.counters.droppedMs - before
    this.#append(playback)
    this.#report({ type: 'audio.skipped', ms })
  }

  #giveUp(playback: QueuedPlayback): void {
    // It ends like all the others that the end of the call cuts.
    playback.settle(this.#ledger.sent)
    this.#report({ type: 'queue.overflowed' })
  }

  #yieldIfHeard(): void {
    const onYielded = this.#onYielded
    if (onYielded === undefined || this.#ledger.proven < this.#ledger.sent) return
    this.#onYielded = undefined
    this.#outlet.letGo()
    onYielded()
  }

  #cutAll(heard: number): void {
    this.counters.droppedMs += this.queueMs
    this.#ring.clear()
    this.cadence.forgetWaiting()
    this.#feed.forget()
    this.#feed.renew()
    this.#voice = 'quiet'
    this.#playlist.cut(heard)
    this.#crowding.watch(this.#ring.length / this.#ring.limit)
  }

  #cancel(playback: QueuedPlayback): void {
    this.#cut(playback)
    this.#settleHeard()
    this.#pump(this.#clock.now())
  }

  /** Nothing more is heard of it; others stay where they are. */
  #cut(playback: QueuedPlayback): void {
    this.#feed.forget(playback)
    const heard = this.#cutAtCarrier(playback)
    this.#playlist.remove(playback)
    this.#takeOut(playback)
    playback.settle(heard)
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
  #cutAtCarrier(playback: QueuedPlayback): number {
    const now = this.#clock.now()
    const { sent } = this.#ledger
    const heard = this.#ledger.heard(now)
    const held = this.#playlist.heldByCarrier(playback, heard, sent)
    if (held === 'shared') return sent
    if (held === 'only its own') this.#outlet.clear(now)
    return heard
  }

  #pump(now: number, atLeast: 'a whole frame' | 'whatever there is' = 'a whole frame'): void {
    this.#feed.fill()
    this.#outlet.send(now, atLeast)
    this.#crowding.watch(this.#ring.length / this.#ring.limit)
  }

  #noteEnd(playback: QueuedPlayback): void {
    // What was sent while the source seemed to go on had no mark at its end.
    if (playback.end === this.#ledger.sent && this.#ledger.marked < playback.end) this.#outlet.mark(this.#clock.now())
    this.#settleHeard()
  }

  /** Something is being said; true when nothing was before. */
  #breaksSilence(): boolean {
    const isFirst = this.#voice !== 'speaking'
    this.#voice = 'speaking'
    return isFirst
  }

  #settleHeard(): void {
    this.#playlist.settle(this.#ledger.proven)
    if (this.#onYielded !== undefined) this.#yieldIfHeard()
    if (this.#voice === 'quiet' || !this.isDrained) return
    this.#voice = 'quiet'
    this.#report({ type: 'playback.drained' })
  }
}

function callOver(): UsageError {
  return new UsageError('CALL_OVER', 'expected a call in progress to play to, got one that is over')
}
