import { Buffer } from 'node:buffer'
import type { RawData, WebSocket } from 'ws'
import type { Clock, Timer } from '../clock.ts'
import type { Logger } from '../log.ts'
import { CLOSE_TIMEOUT_MS } from './accepted-sockets.ts'
import { textOf } from './media-connection.ts'
import type { Viewer, ViewerDesk, ViewerPort } from './viewer-desk.ts'

const PING_EVERY_MS = 10_000
const UNSUPPORTED_DATA = 1003
const INTERNAL_ERROR = 1011
/** A close frame carries 123 (RFC 6455, 5.5.1); a character that is cut through takes up to three more. */
const MAX_REASON_BYTES = 118

export interface ViewerConnectionOptions {
  readonly clock: Clock
  readonly desk: ViewerDesk
  readonly logger: Logger
}

/** One page's socket. It may sleep in a closed laptop: whoever does not answer a ping before the next one is let go. */
export class ViewerConnection implements ViewerPort {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #logger: Logger
  #viewer: Viewer | undefined
  #isAnswered = true
  #pingTimer: Timer
  #closeTimer: Timer

  constructor(socket: WebSocket, { clock, desk, logger }: ViewerConnectionOptions) {
    this.#socket = socket
    this.#clock = clock
    this.#logger = logger
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('pong', () => (this.#isAnswered = true))
    socket.on('error', (error) => this.#noteBroken(error))
    socket.on('close', () => this.#noteGone())
    this.#guard(() => (this.#viewer = desk.open(this)))
    this.#ping()
  }

  send(text: string): void {
    if (this.#isOpen) this.#socket.send(text)
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  close(code: number, reason: string): void {
    if (this.#closeTimer !== undefined || this.#socket.readyState === this.#socket.CLOSED) return
    this.#clock.clearTimeout(this.#pingTimer)
    this.#closeTimer = this.#clock.setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
    this.#socket.close(code, Buffer.from(reason).subarray(0, MAX_REASON_BYTES).toString())
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  #receive(data: RawData, isBinary: boolean): void {
    // What was under way when we closed.
    if (!this.#isOpen) return
    if (isBinary) return this.close(UNSUPPORTED_DATA, 'expected a text message, got a binary one')
    this.#guard(() => this.#viewer?.receive(textOf(data)))
  }

  #ping(): void {
    if (!this.#isOpen) return
    if (!this.#isAnswered) return this.#socket.terminate()
    this.#isAnswered = false
    this.#socket.ping()
    this.#pingTimer = this.#clock.setTimeout(() => this.#ping(), PING_EVERY_MS)
  }

  /** What came is no WebSocket traffic: `ws` has said so to the peer, and reads no further. */
  #noteBroken(error: Error): void {
    this.#logger.debug({ err: error }, 'inspector socket broken')
    this.close(INTERNAL_ERROR, '')
  }

  #noteGone(): void {
    this.#clock.clearTimeout(this.#pingTimer)
    this.#clock.clearTimeout(this.#closeTimer)
    this.#guard(() => this.#viewer?.closed())
  }

  /** A fault of ours is one viewer's end, never a call's. */
  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#logger.error({ err: error }, 'an inspector socket failed')
      this.close(INTERNAL_ERROR, 'internal error')
    }
  }
}
