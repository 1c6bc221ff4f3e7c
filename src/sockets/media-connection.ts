import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { Clock, Timer } from '../clock.ts'
import { messageOf, ProtocolError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { parseStreamMessage, type StartMessage, type StreamMessage } from '../twilio/messages.ts'
import type { ProtocolErrorKind } from '../telemetry/border-metrics.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { CLOSE_TIMEOUT_MS } from './accepted-sockets.ts'
import { ComplaintWindow } from './complaint-window.ts'
import { SocketStream } from './socket-stream.ts'
import type { AttachedStream, StreamDesk } from './stream-desk.ts'

/**
 * One media socket: `awaitingStart` -> `admitting` -> `streaming` -> `closed`; or `admitting` -> `hungUp`, when the
 * peer goes while the desk is still deciding.
 *
 * Invariants
 * - W1 Listeners are attached in the turn of the upgrade: `connected` and `start` may already be in the buffer.
 * - W2 Nothing but a `start` that names a call gets past the first five seconds.
 * - W3 What the peer sends can end this socket, never throw out of it.
 * - W4 The call hears of the end once: by `stop`, or else by the close, and not at all when we closed.
 */

const START_TIMEOUT_MS = 5_000
/** The desk may have to ask another process whose token it is. */
const ADMIT_TIMEOUT_MS = 5_000
const PING_EVERY_MS = 10_000
/** Frames that may arrive while the directory is asked about the token: two seconds of them. */
const HELD_LIMIT = 100
const NORMAL = 1000
const POLICY_VIOLATION = 1008
const INTERNAL_ERROR = 1011

type Phase =
  | { readonly name: 'awaitingStart'; readonly timer: Timer }
  | { readonly name: 'admitting'; readonly timer: Timer; readonly held: StreamMessage[] }
  | { readonly name: 'hungUp'; readonly held: readonly StreamMessage[]; readonly cause: string }
  | { readonly name: 'streaming'; readonly stream: AttachedStream; readonly streamSid: string }
  | { readonly name: 'closed' }

export interface MediaConnectionOptions {
  readonly clock: Clock
  readonly desk: StreamDesk
  readonly logger: Logger
  readonly telemetry?: Pick<Telemetry, 'socketClosed' | 'protocolError' | 'signatureFailed'> | undefined
  /** Told once, when the stream has found its call. */
  readonly onAdmitted?: (() => void) | undefined
}

export class MediaConnection {
  readonly #socket: WebSocket
  readonly #tcp: Duplex
  readonly #clock: Clock
  readonly #desk: StreamDesk
  readonly #logger: Logger
  readonly #telemetry: MediaConnectionOptions['telemetry']
  readonly #onAdmitted: MediaConnectionOptions['onAdmitted']
  #complaints: ComplaintWindow | undefined
  #phase: Phase
  #pingTimer: Timer
  #pingSentAt: number | undefined
  #closeTimer: Timer
  /** What we closed it for: a peer need not say it again. */
  #closeCode: number | undefined
  /** Malformed messages that came before there was a stream to count them. */
  #earlyFaults = 0

  /** @param tcp is what `socket` writes to. */
  constructor(socket: WebSocket, tcp: Duplex, options: MediaConnectionOptions) {
    this.#socket = socket
    this.#tcp = tcp
    this.#clock = options.clock
    this.#desk = options.desk
    this.#logger = options.logger
    this.#telemetry = options.telemetry
    this.#onAdmitted = options.onAdmitted
    const timer = this.#clock.setTimeout(
      () => this.#refuse('late', `expected a start message within ${START_TIMEOUT_MS / 1000} s, got none`),
      START_TIMEOUT_MS,
    )
    this.#phase = { name: 'awaitingStart', timer }
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('pong', (sentAt: Buffer) => this.#notePong(sentAt))
    socket.on('error', (error) => this.#noteBroken(error))
    socket.on('close', (code) => {
      this.#telemetry?.socketClosed(this.#closeCode ?? code)
      this.#clock.clearTimeout(this.#closeTimer)
      this.#noteGone(`the media socket closed with code ${code} and without a stop`)
    })
  }

  /** Ends the socket from our side: the call is not told. */
  close(code = NORMAL, reason = ''): void {
    this.#leave()
    if (code !== NORMAL) this.#closeCode ??= code
    if (this.#socket.readyState === this.#socket.CLOSED) return
    this.#socket.close(code, reason)
    this.#closeTimer ??= this.#clock.setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
  }

  #refuse(kind: ProtocolErrorKind | 'ours', why: string, code = POLICY_VIOLATION): void {
    this.#logger.warn({ why }, 'media socket refused')
    if (kind !== 'ours') this.#telemetry?.protocolError(kind)
    this.close(code, why.slice(0, 120))
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#phase.name === 'closed') return
    const message = this.#read(data, isBinary)
    if (message === undefined) return
    try {
      this.#handle(message)
    } catch (error) {
      this.#noteFault(error)
    }
  }

  #read(data: RawData, isBinary: boolean): StreamMessage | undefined {
    try {
      if (isBinary) throw new ProtocolError('MESSAGE_INVALID', 'expected a text message, got a binary one')
      return parseStreamMessage(textOf(data))
    } catch (error) {
      this.#noteMalformed(isBinary ? 'binary' : 'message', messageOf(error))
      return undefined
    }
  }

  #handle(message: StreamMessage): void {
    const phase = this.#phase
    if (message.event === 'connected' || message.event === 'unknown') return
    switch (phase.name) {
      case 'awaitingStart':
        if (message.event !== 'start') return this.#noteMalformed('order', `expected start, got ${message.event}`)
        return void this.#admit(message)
      case 'admitting':
        phase.held.push(message)
        if (phase.held.length > HELD_LIMIT) phase.held.shift()
        return
      case 'streaming':
        return this.#pass(message, phase.stream, phase.streamSid)
      case 'hungUp':
      case 'closed':
    }
  }

  async #admit(start: StartMessage): Promise<void> {
    this.#leave()
    const timer = this.#clock.setTimeout(
      () => this.#refuse('ours', 'the stream could not be admitted in time', INTERNAL_ERROR),
      ADMIT_TIMEOUT_MS,
    )
    this.#phase = { name: 'admitting', timer, held: [] }
    const port = new SocketStream(this.#socket, this.#tcp, { streamSid: start.streamSid, close: () => this.close() })
    try {
      this.#noteAdmission(await this.#desk.admit(start, port), start.streamSid)
    } catch (error) {
      this.#noteFault(error)
    }
  }

  #noteAdmission(stream: AttachedStream | undefined, streamSid: string): void {
    const phase = this.#phase
    if (phase.name !== 'admitting' && phase.name !== 'hungUp') {
      return stream?.lost('the socket closed while the stream was being admitted')
    }
    if (stream === undefined) return this.#refuse('token', 'expected the unspent token of a call of ours, got another')
    this.#leave()
    this.#onAdmitted?.()
    this.#phase = { name: 'streaming', stream, streamSid }
    for (; this.#earlyFaults > 0; this.#earlyFaults -= 1) stream.malformed()
    for (const message of phase.held) this.#handle(message)
    if (phase.name === 'hungUp') this.#noteGone(phase.cause)
    else this.#ping()
  }

  #pass(message: StreamMessage, stream: AttachedStream, streamSid: string): void {
    // Twilio sends one start for each socket; a second one changes nothing.
    if (message.event === 'start' || message.event === 'connected' || message.event === 'unknown') return
    if (message.streamSid !== streamSid)
      return this.#noteMalformed('order', 'expected the stream named by start, got another')
    switch (message.event) {
      case 'media':
        // A fork of both tracks would also bring what we said ourselves.
        if (message.track !== 'inbound') return
        return stream.media(message)
          ? undefined
          : this.#noteMalformed('audio', 'expected base64 audio, got something else')
      case 'dtmf':
        return stream.dtmf(message)
      case 'mark':
        return stream.mark(message)
      case 'stop':
        this.#leave()
        stream.stopped()
        return this.close()
    }
  }

  #noteMalformed(kind: ProtocolErrorKind, why: string): void {
    this.#logger.debug({ why }, 'malformed media message')
    this.#telemetry?.protocolError(kind)
    const stream = this.#phase.name === 'streaming' ? this.#phase.stream : undefined
    if (stream === undefined) this.#earlyFaults += 1
    else stream.malformed()
    this.#complaints ??= new ComplaintWindow(this.#clock)
    if (!this.#complaints.note()) return
    this.#refuse('flood', 'too many malformed messages')
    stream?.lost('the peer sent too many malformed messages')
  }

  /** A fault of ours ends this socket only; the call may go on with a fresh one. */
  #noteFault(error: unknown): void {
    this.#logger.error({ err: error }, 'a media socket failed')
    const stream = this.#phase.name === 'streaming' ? this.#phase.stream : undefined
    this.close(INTERNAL_ERROR, 'internal error')
    stream?.lost('handling the media socket failed')
  }

  #ping(): void {
    if (this.#phase.name !== 'streaming') return
    this.#pingSentAt = this.#clock.now()
    // Twilio documents no pings, so a missing pong proves nothing; the answer only tells the distance.
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping(String(this.#pingSentAt))
    this.#pingTimer = this.#clock.setTimeout(() => this.#ping(), PING_EVERY_MS)
  }

  #notePong(sentAt: Buffer): void {
    // A pong may come unasked (RFC 6455, 5.5.3), and twice.
    if (this.#phase.name !== 'streaming' || sentAt.toString() !== String(this.#pingSentAt)) return
    this.#phase.stream.roundTrip(this.#clock.now() - Number(sentAt.toString()))
    this.#pingSentAt = undefined
  }

  /** What came is no WebSocket traffic: `ws` has said so to the peer, and reads no further. */
  #noteBroken(error: Error): void {
    this.#logger.debug({ err: error }, 'media socket broken')
    this.#telemetry?.protocolError('frame')
    this.#noteGone(`the media socket broke: ${error.message}`)
    this.close()
  }

  /** The peer is gone, and not by our doing. */
  #noteGone(cause: string): void {
    const phase = this.#phase
    this.#leave()
    if (phase.name === 'streaming') phase.stream.lost(cause)
    // What the peer said before it went, a stop perhaps, is told once the desk has decided to whom.
    else if (phase.name === 'admitting') this.#phase = { name: 'hungUp', held: phase.held, cause }
  }

  #leave(): void {
    if (this.#phase.name === 'awaitingStart' || this.#phase.name === 'admitting') {
      this.#clock.clearTimeout(this.#phase.timer)
    }
    this.#clock.clearTimeout(this.#pingTimer)
    this.#phase = { name: 'closed' }
  }
}

export function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString()
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data).toString()
}
