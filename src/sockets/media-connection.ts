import { Buffer } from 'node:buffer'
import type { RawData, WebSocket } from 'ws'
import type { Clock, Timer } from '../clock.ts'
import { messageOf, ProtocolError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { parseStreamMessage, type StartMessage, type StreamMessage } from '../twilio/messages.ts'
import { ComplaintWindow } from './complaint-window.ts'
import { SocketStream } from './socket-stream.ts'
import type { AttachedStream, StreamDesk } from './stream-desk.ts'

/**
 * One media socket: `awaitingStart` -> `admitting` -> `streaming` -> `closed`.
 *
 * Invariants
 * - W1 Listeners are attached in the turn of the upgrade: `connected` and `start` may already be in the buffer.
 * - W2 Nothing but a `start` that names a call gets past the first five seconds.
 * - W3 What the peer sends can end this socket, never throw out of it.
 * - W4 The call hears of the end once: by `stop`, or else by the close, and not at all when we closed.
 */

const START_TIMEOUT_MS = 5_000
const PING_EVERY_MS = 10_000
/** Frames that may arrive while the directory is asked about the token: two seconds of them. */
const HELD_LIMIT = 100
const POLICY_VIOLATION = 1008
const NORMAL = 1000
/** How long a peer may take to answer our close before the socket is cut. */
const CLOSE_TIMEOUT_MS = 2_000

type Phase =
  | { readonly name: 'awaitingStart'; readonly timer: Timer }
  | { readonly name: 'admitting'; readonly held: StreamMessage[] }
  | { readonly name: 'streaming'; readonly stream: AttachedStream; readonly streamSid: string }
  | { readonly name: 'closed' }

export interface MediaConnectionOptions {
  readonly clock: Clock
  readonly desk: StreamDesk
  readonly logger: Logger
}

export class MediaConnection {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #desk: StreamDesk
  readonly #logger: Logger
  readonly #complaints: ComplaintWindow
  #phase: Phase
  #pingTimer: Timer | undefined
  #closeTimer: Timer | undefined

  constructor(socket: WebSocket, options: MediaConnectionOptions) {
    this.#socket = socket
    this.#clock = options.clock
    this.#desk = options.desk
    this.#logger = options.logger
    this.#complaints = new ComplaintWindow(options.clock)
    const timer = this.#clock.setTimeout(
      () => this.#refuse(`expected a start message within ${START_TIMEOUT_MS / 1000} s, got none`),
      START_TIMEOUT_MS,
    )
    this.#phase = { name: 'awaitingStart', timer }
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('pong', (sentAt: Buffer) => this.#notePong(sentAt))
    socket.on('close', (code) => this.#noteClosed(code))
    // The close that follows is what counts; without a listener an error would end the process.
    socket.on('error', (error) => this.#logger.debug({ err: error }, 'media socket error'))
  }

  /** Ends the socket from our side: the call is not told. */
  close(code = NORMAL, reason = ''): void {
    this.#leave()
    this.#socket.close(code, reason)
    this.#closeTimer ??= this.#clock.setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
  }

  #refuse(why: string): void {
    this.#logger.warn({ why }, 'media socket refused')
    this.close(POLICY_VIOLATION, why.slice(0, 120))
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#phase.name === 'closed') return
    try {
      if (isBinary) throw new ProtocolError('MESSAGE_INVALID', 'expected a text message, got a binary one')
      this.#handle(parseStreamMessage(textOf(data)))
    } catch (error) {
      this.#noteMalformed(messageOf(error))
    }
  }

  #handle(message: StreamMessage): void {
    const phase = this.#phase
    if (message.event === 'connected' || message.event === 'unknown') return
    switch (phase.name) {
      case 'awaitingStart':
        if (message.event !== 'start') return this.#noteMalformed(`expected start, got ${message.event}`)
        return void this.#admit(message, phase.timer)
      case 'admitting':
        phase.held.push(message)
        if (phase.held.length > HELD_LIMIT) phase.held.shift()
        return
      case 'streaming':
        return this.#pass(message, phase.stream, phase.streamSid)
      case 'closed':
    }
  }

  async #admit(start: StartMessage, startTimer: Timer): Promise<void> {
    this.#clock.clearTimeout(startTimer)
    const held: StreamMessage[] = []
    this.#phase = { name: 'admitting', held }
    const port = new SocketStream(this.#socket, start.streamSid, () => this.close())
    const stream = await this.#desk.admit(start, port).catch((error: unknown) => {
      this.#logger.error({ err: error }, 'admitting a media stream failed')
      return undefined
    })
    if (this.#phase.name !== 'admitting') return stream?.lost('the socket closed while the stream was being admitted')
    if (stream === undefined) return this.#refuse('expected the unspent token of a call of ours, got another')
    this.#phase = { name: 'streaming', stream, streamSid: start.streamSid }
    this.#ping()
    for (const message of held) this.#handle(message)
  }

  #pass(message: StreamMessage, stream: AttachedStream, streamSid: string): void {
    // Twilio sends one start for each socket; a second one changes nothing.
    if (message.event === 'start' || message.event === 'connected' || message.event === 'unknown') return
    if (message.streamSid !== streamSid) return this.#noteMalformed('expected the stream named by start, got another')
    switch (message.event) {
      case 'media':
        // A fork of both tracks would also bring what we said ourselves.
        if (message.track !== 'inbound') return
        if (!stream.media(message)) this.#noteMalformed('expected base64 audio, got something else')
        return
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

  #noteMalformed(why: string): void {
    this.#logger.debug({ why }, 'malformed media message')
    if (this.#phase.name === 'streaming') this.#phase.stream.malformed()
    if (!this.#complaints.note()) return
    const { stream } = this.#phase.name === 'streaming' ? this.#phase : { stream: undefined }
    this.#refuse('too many malformed messages')
    stream?.lost('the peer sent too many malformed messages')
  }

  #ping(): void {
    if (this.#phase.name !== 'streaming') return
    // Twilio documents no pings, so a missing pong proves nothing; the answer only tells the distance.
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping(String(this.#clock.now()))
    this.#pingTimer = this.#clock.setTimeout(() => this.#ping(), PING_EVERY_MS)
  }

  #notePong(sentAt: Buffer): void {
    const ms = this.#clock.now() - Number(sentAt.toString())
    if (this.#phase.name === 'streaming' && ms >= 0) this.#phase.stream.roundTrip(ms)
  }

  #noteClosed(code: number): void {
    const phase = this.#phase
    this.#leave()
    this.#clock.clearTimeout(this.#closeTimer)
    if (phase.name === 'streaming') phase.stream.lost(`the media socket closed with code ${code} and without a stop`)
  }

  #leave(): void {
    if (this.#phase.name === 'awaitingStart') this.#clock.clearTimeout(this.#phase.timer)
    this.#clock.clearTimeout(this.#pingTimer)
    this.#phase = { name: 'closed' }
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString()
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data).toString()
}
