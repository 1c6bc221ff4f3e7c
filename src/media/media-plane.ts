import type { Clock } from '../clock.ts'
import type { OverflowPolicy } from '../overflow-policy.ts'
import { BoundedChannel } from './bounded-channel.ts'
import { type HoldAudio, HoldMusic } from './hold-music.ts'
import { Histogram, type Quantiles } from './histogram.ts'
import { InboundPipe, type InboundScratch } from './inbound-pipe.ts'
import type { ReportEdge } from './media-edge.ts'
import { OutboundQueue } from './outbound-queue.ts'
import type { PacingLimits } from './pacing.ts'
import type { StreamPort } from './stream-port.ts'
import type { Ticker, Ticking } from './ticker.ts'
import { type AudioTap, Wiretap } from './wiretap.ts'

/** Digits an agent may leave unread. Nobody keys this many by hand. */
const DIGIT_LIMIT = 1_000

export interface MediaStats {
  /** Media messages received. */
  framesIn: number
  /** 20 ms frames sent, on hold too; several may go in one message. */
  framesOut: number
  /** mu-law bytes, both ways. */
  bytesIn: number
  bytesOut: number
  /** From the first stream's start to the agent's first audio sent; undefined before. */
  firstAudioMs: number | undefined
  /** Network round trip to the carrier, measured by WebSocket ping; undefined before the first pong. */
  roundTripMs: number | undefined
  gapsFilledMs: number
  sequenceGaps: number
  malformed: number
  /** How often the carrier ran dry in the middle of a playback. */
  underruns: number
  /** Longest time between two messages of one playback. */
  worstSendGapMs: number
  /** Encoded audio waiting now. */
  queueMs: number
  /** Audio cut before it was sent, given up for what was played later, or forgotten for a slow reader. */
  droppedMs: number
  bargeIns: number
  digits: number
  /** Decoding one message; waiting in the queue; lateness of the pacing tick. */
  latencyMs: { decode: Quantiles; queue: Quantiles; send: Quantiles }
}

export interface MediaPlaneOptions {
  readonly clock: Clock
  readonly ticker: Ticker
  readonly scratch: InboundScratch
  readonly report: ReportEdge
  /** What a listener of the agent's threw. */
  readonly onListenerFault: (error: unknown) => void
  /** What the plane itself threw while ticking: a bug of ours, and the end of this call only. */
  readonly onFault: (error: unknown) => void
  readonly limits?: PacingLimits
  /** What becomes of more speech while too much waits; it waits, too, unless given. */
  readonly overflow?: OverflowPolicy | undefined
}

/**
 * One call's audio, both ways. It belongs to the call: a stream is only attached, so recovery, takeover and coming
 * back from a transfer are all `detach` and `attach`.
 *
 * Invariants
 * - H1 On hold the stream stays, and is the hold music's: from when the carrier has played the agent's last words until
 *      `resume`, whichever stream it is. A call that is never held has none.
 * - H2 What the agent says on hold, and what it had said and nobody heard, is said after `resume`, once.
 */
export class MediaPlane implements Ticking {
  readonly inbound: InboundPipe
  readonly outbound: OutboundQueue
  readonly digits = new BoundedChannel<string>(DIGIT_LIMIT)
  malformed = 0
  roundTripMs: number | undefined
  readonly #clock: Clock
  readonly #ticker: Ticker
  readonly #report: ReportEdge
  readonly #onFault: (error: unknown) => void
  readonly #sendMs = new Histogram()
  #digitCount = 0
  #stream: StreamPort | undefined
  /** Who has the stream, when there is one: the agent, or the music on hold. */
  #speaker: OutboundQueue
  #music: HoldMusic | undefined
  #wiretap: Wiretap | undefined
  #released = false

  constructor(options: MediaPlaneOptions) {
    const { clock, report } = options
    this.#clock = clock
    this.#ticker = options.ticker
    this.#report = report
    this.#onFault = options.onFault
    this.inbound = new InboundPipe({
      clock,
      report,
      scratch: options.scratch,
      onListenerFault: options.onListenerFault,
    })
    this.outbound = new OutboundQueue({
      clock,
      report,
      onFault: options.onFault,
      overflow: options.overflow,
      ...(options.limits ? { limits: options.limits } : {}),
    })
    this.#speaker = this.outbound
  }

  get stream(): StreamPort | undefined {
    return this.#stream
  }

  /** What the far end hears just now: the agent, or the music on hold. */
  get speaker(): OutboundQueue {
    return this.#speaker
  }

  /** Takes the place of any stream attached before, which is closed; once the call is over, closes `stream` itself. */
  attach(stream: StreamPort): void {
    if (this.#released) return stream.close()
    this.detach()
    this.#stream = stream
    this.inbound.attach()
    this.#speaker.attach(stream)
    this.#ticker.add(this)
  }

  /** Closes the stream, if one is attached. */
  detach(): void {
    const stream = this.#stream
    if (stream === undefined) return
    this.#stream = undefined
    this.inbound.detach()
    this.#speaker.detach()
    stream.close()
  }

  get isHeld(): boolean {
    return this.inbound.isHeld
  }

  /**
   * Puts the far end on hold: it hears `audio` over and over (16-bit mono PCM at `rate`, 16000 Hz unless said), or else a
   * quiet tune; the agent hears nothing and says nothing, and no digit is kept for it. Audio that cannot be played is told
   * as `hold.faulted`, and the tune is heard. Nothing while held already, or when the call is over.
   */
  hold(audio?: HoldAudio, rate?: number): void {
    if (this.#released || this.isHeld) return
    const music = (this.#music ??= this.#createMusic())
    this.inbound.hold()
    music.start(audio, rate)
    this.outbound.yieldStream(() => {
      this.#speaker = music.queue
      if (this.#stream !== undefined) music.queue.attach(this.#stream)
    })
  }

  /** The music stops, and the agent goes on from the first word that was not heard. Nothing unless held. */
  resume(): void {
    if (!this.isHeld) return
    this.inbound.resume()
    this.#music?.stop()
    this.#speaker = this.outbound
    if (this.#stream !== undefined) this.outbound.attach(this.#stream)
  }

  /** The carrier has echoed a mark. */
  noteMark(name: string): void {
    this.outbound.noteMark(name)
    this.#music?.queue.noteMark(name)
  }

  /** Lets `tap` have all that is said and heard from now on; returns the function that ends it. */
  tap(tap: AudioTap): () => void {
    const wiretap = (this.#wiretap ??= new Wiretap({
      now: () => this.#clock.now(),
      roundTripMs: () => this.roundTripMs,
    }))
    wiretap.add(tap)
    this.#connectTap(wiretap)
    return () => {
      wiretap.remove(tap)
      if (wiretap.isIdle) this.#connectTap(undefined)
    }
  }

  noteDigit(digit: string): void {
    this.#digitCount += 1
    if (!this.isHeld) this.digits.push(digit)
  }

  tick(now: number, lateMs: number): void {
    this.#sendMs.record(lateMs)
    this.inbound.tick(now)
    this.outbound.tick(now)
    this.#music?.queue.tick(now)
  }

  fault(error: unknown): void {
    this.#onFault(error)
  }

  stats(): MediaStats {
    const { inbound, outbound } = this
    const { cadence } = outbound
    const music = this.#music?.queue.cadence
    return {
      framesIn: inbound.counters.framesIn,
      framesOut: cadence.framesOut + (music?.framesOut ?? 0),
      bytesIn: inbound.counters.bytesIn,
      bytesOut: cadence.bytesOut + (music?.bytesOut ?? 0),
      firstAudioMs: cadence.firstAudioMs,
      roundTripMs: this.roundTripMs,
      gapsFilledMs: inbound.counters.gapsFilledMs,
      sequenceGaps: inbound.counters.sequenceGaps,
      malformed: this.malformed,
      underruns: cadence.underruns + (music?.underruns ?? 0),
      worstSendGapMs: Math.max(cadence.worstSendGapMs, music?.worstSendGapMs ?? 0),
      queueMs: outbound.queueMs,
      droppedMs: inbound.counters.droppedMs + outbound.counters.droppedMs,
      bargeIns: outbound.counters.bargeIns,
      digits: this.#digitCount,
      latencyMs: {
        decode: inbound.decodeMs.quantiles(),
        queue: cadence.waitMs.quantiles(),
        send: this.#sendMs.quantiles(),
      },
    }
  }

  /** The call is over: the socket is closed, playbacks are cut, readers get their end. */
  release(): void {
    this.#released = true
    this.#ticker.remove(this)
    this.detach()
    this.outbound.release()
    this.#music?.queue.release()
    this.inbound.release()
    this.digits.close()
  }

  #createMusic(): HoldMusic {
    const music = new HoldMusic({ clock: this.#clock, report: this.#report, onFault: this.#onFault })
    music.queue.wiretap = this.outbound.wiretap
    return music
  }

  #connectTap(wiretap: Wiretap | undefined): void {
    this.inbound.wiretap = wiretap
    this.outbound.wiretap = wiretap
    if (this.#music !== undefined) this.#music.queue.wiretap = wiretap
  }
}
