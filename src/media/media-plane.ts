import type { Clock } from '../clock.ts'
import { BoundedChannel } from './bounded-channel.ts'
import { Histogram, type Quantiles } from './histogram.ts'
import { InboundPipe, type InboundScratch } from './inbound-pipe.ts'
import type { ReportEdge } from './media-edge.ts'
import { OutboundQueue, type PacingLimits } from './outbound-queue.ts'
import type { StreamPort } from './stream-port.ts'
import type { Ticker, Ticking } from './ticker.ts'

/** Digits an agent may leave unread. Nobody keys this many by hand. */
const DIGIT_LIMIT = 1_000

export interface MediaStats {
  /** Media messages received. */
  framesIn: number
  /** 20 ms frames sent; several may go in one message. */
  framesOut: number
  /** mu-law bytes, both ways. */
  bytesIn: number
  bytesOut: number
  /** From the first stream's start to the first audio sent; undefined before. */
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
  /** Audio cut before it was sent, or forgotten for a slow reader. */
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
}

/**
 * One call's audio, both ways. It belongs to the call: a stream is only attached, so recovery, takeover and coming
 * back from a transfer are all `detach` and `attach`.
 */
export class MediaPlane implements Ticking {
  readonly inbound: InboundPipe
  readonly outbound: OutboundQueue
  readonly digits = new BoundedChannel<string>(DIGIT_LIMIT)
  malformed = 0
  roundTripMs: number | undefined
  readonly #ticker: Ticker
  readonly #onFault: (error: unknown) => void
  readonly #sendMs = new Histogram()
  #digitCount = 0
  #stream: StreamPort | undefined
  #released = false

  constructor(options: MediaPlaneOptions) {
    const { clock, report } = options
    this.#ticker = options.ticker
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
      ...(options.limits ? { limits: options.limits } : {}),
    })
  }

  get stream(): StreamPort | undefined {
    return this.#stream
  }

  /** Takes the place of any stream attached before, which is closed; once the call is over, closes `stream` itself. */
  attach(stream: StreamPort): void {
    if (this.#released) return stream.close()
    this.detach()
    this.#stream = stream
    this.inbound.attach()
    this.outbound.attach(stream)
    this.#ticker.add(this)
  }

  /** Closes the stream, if one is attached. */
  detach(): void {
    const stream = this.#stream
    if (stream === undefined) return
    this.#stream = undefined
    this.inbound.detach()
    this.outbound.detach()
    stream.close()
  }

  noteDigit(digit: string): void {
    this.#digitCount += 1
    this.digits.push(digit)
  }

  tick(now: number, lateMs: number): void {
    this.#sendMs.record(lateMs)
    this.inbound.tick(now)
    this.outbound.tick(now)
  }

  fault(error: unknown): void {
    this.#onFault(error)
  }

  stats(): MediaStats {
    const { inbound, outbound } = this
    const { cadence } = outbound
    return {
      framesIn: inbound.counters.framesIn,
      framesOut: cadence.framesOut,
      bytesIn: inbound.counters.bytesIn,
      bytesOut: cadence.bytesOut,
      firstAudioMs: cadence.firstAudioMs,
      roundTripMs: this.roundTripMs,
      gapsFilledMs: inbound.counters.gapsFilledMs,
      sequenceGaps: inbound.counters.sequenceGaps,
      malformed: this.malformed,
      underruns: cadence.underruns,
      worstSendGapMs: cadence.worstSendGapMs,
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
    this.inbound.release()
    this.digits.close()
  }
}
