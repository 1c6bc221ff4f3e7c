import { requireTelephoneFormat } from '../audio/format.ts'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { MediaPlane } from '../media/media-plane.ts'
import type { StreamPort } from '../media/stream-port.ts'
import type { AttachedStream, StreamDesk } from '../sockets/stream-desk.ts'
import type { DtmfMessage, MarkMessage, MediaMessage, StartMessage } from '../twilio/messages.ts'
import type { Exchange } from './exchange.ts'
import type { LiveCall } from './live-call.ts'
import { recordedPort, recordedStream } from './recorded-stream.ts'

export interface StreamDeskOptions {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly logger: Logger
  readonly accountSid: string
}

/** The carrier's streams: each is joined to the call that its token, CallSid and AccountSid name together. */
export class ExchangeStreamDesk implements StreamDesk {
  readonly #options: StreamDeskOptions

  constructor(options: StreamDeskOptions) {
    this.#options = options
  }

  async admit(start: StartMessage, port: StreamPort): Promise<AttachedStream | undefined> {
    const { exchange, clock, accountSid } = this.#options
    const call = await this.#callOf(start)
    if (call === undefined || start.accountSid !== accountSid) return undefined
    const { token: _, ...parameters } = start.customParameters
    await exchange.learnSid(call, start.callSid, parameters)
    const { streamSid, callSid } = start
    try {
      requireTelephoneFormat(start.mediaFormat)
    } catch (error) {
      call.send({ type: 'stream.refused', cause: messageOf(error) })
      return undefined
    }
    const stream = call.story.nextStream(streamSid)
    const mouth = stream === undefined ? port : recordedPort(port, stream)
    call.session.plane.attach(mouth)
    call.send({ type: 'stream.started', streamSid, callSid })
    call.session.noteStreamStarted(streamSid)
    const attached = new CallStream(call, mouth, clock)
    return stream === undefined ? attached : recordedStream(attached, stream)
  }

  /** Spends the token, whatever else is wrong: it was shown to somebody who should not have it. */
  async #callOf({ customParameters, callSid }: StartMessage): Promise<LiveCall | undefined> {
    const { exchange, logger } = this.#options
    const id = await exchange.directory.redeem(customParameters['token'] ?? '')
    const call = id === undefined ? undefined : exchange.find(id)
    const known = call?.session.facts.callSid
    if (call !== undefined && (known === undefined || known === callSid)) return call
    logger.warn({ callSid }, 'stream refused: its token is unknown, spent, or of another call')
    return undefined
  }
}

/** What a call hears of one of its streams: nothing any more, once another has taken its place. */
class CallStream implements AttachedStream {
  readonly #call: LiveCall
  readonly #port: StreamPort
  readonly #clock: Clock

  constructor(call: LiveCall, port: StreamPort, clock: Clock) {
    this.#call = call
    this.#port = port
    this.#clock = clock
  }

  media(message: MediaMessage): boolean {
    const { inbound } = this.#plane
    if (!this.#isCurrent || !inbound.noteSequence(message.sequenceNumber)) return true
    return inbound.accept(message.timestampMs, message.payload)
  }

  dtmf(message: DtmfMessage): void {
    if (!this.#isCurrent || !this.#plane.inbound.noteSequence(message.sequenceNumber)) return
    this.#call.session.noteDigit(message.digit)
  }

  mark(message: MarkMessage): void {
    if (!this.#isCurrent) return
    this.#plane.inbound.noteSequence(message.sequenceNumber)
    this.#plane.noteMark(message.name)
  }

  stopped(): void {
    if (!this.#isCurrent) return
    this.#call.session.noteFarEndGone({ type: 'stream.stopped', streamSid: this.#port.streamSid })
  }

  lost(cause: string): void {
    if (!this.#isCurrent) return
    this.#plane.detach()
    this.#call.session.noteStreamLost()
    this.#call.send({ type: 'stream.lost', at: this.#clock.now(), cause, streamSid: this.#port.streamSid })
  }

  malformed(): void {
    this.#plane.malformed += 1
  }

  roundTrip(ms: number): void {
    this.#plane.roundTripMs = ms
  }

  get #plane(): MediaPlane {
    return this.#call.session.plane
  }

  get #isCurrent(): boolean {
    return this.#plane.stream === this.#port
  }
}
