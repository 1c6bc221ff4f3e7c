import { WebSocket } from 'ws'
import type { Clock, Timer } from '../clock.ts'
import { messageOf } from '../errors.ts'

export interface OutgoingSocketOptions {
  readonly url: string
  readonly clock: Clock
  /** It is open, perhaps again: the other side may have forgotten everything. */
  readonly onUp: () => void
  /** Once for each outage. */
  readonly onDown: (cause: string) => void
  /** Bytes that may wait for a slow peer; 1 MiB. What comes on top is dropped. */
  readonly maxWaitingBytes?: number
}

const MAX_WAITING_BYTES = 1024 * 1024
/** Nothing that is said to us is read. */
const MAX_MESSAGE_BYTES = 1024 * 1024
const HANDSHAKE_TIMEOUT_MS = 5_000
const CLOSE_TIMEOUT_MS = 1_000
const RETRY_MS = 1_000
const MAX_RETRY_MS = 30_000
const NORMAL = 1000

/** A socket that we open to somebody else, and open again whenever it is gone. It says; it does not listen. */
export class OutgoingSocket {
  readonly #options: OutgoingSocketOptions
  #socket: WebSocket
  #retry: Timer
  /** Attempts since a connection last held. */
  #attempts = 0
  #openedAt = Number.POSITIVE_INFINITY
  #isDown = false
  #isClosed = false

  constructor(options: OutgoingSocketOptions) {
    this.#options = options
    this.#socket = this.#connect()
  }

  get hasRoom(): boolean {
    const { readyState, bufferedAmount } = this.#socket
    return readyState === WebSocket.OPEN && bufferedAmount < (this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES)
  }

  /** Drops it when there is no room. */
  send(text: string): void {
    if (this.hasRoom) this.#socket.send(text)
  }

  /** Says goodbye when somebody is there to hear it; resolves within a second. */
  async close(): Promise<void> {
    const { clock } = this.#options
    this.#isClosed = true
    clock.clearTimeout(this.#retry)
    const socket = this.#socket
    if (socket.readyState === WebSocket.CLOSED) return
    const gone = new Promise((resolve) => socket.once('close', resolve))
    const patience = clock.setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS)
    socket.close(NORMAL)
    await gone
    clock.clearTimeout(patience)
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#options.url, {
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
    })
    let cause: string | undefined
    socket.on('open', () => this.#noteOpen())
    // A socket whose handshake is cut short by us says so with an error, too: without a listener the process would end.
    socket.on('error', (error) => {
      cause = messageOf(error)
    })
    socket.on('close', (code) => this.#noteGone(cause ?? `it closed with code ${code}`))
    return socket
  }

  #noteOpen(): void {
    this.#openedAt = this.#options.clock.now()
    this.#isDown = false
    this.#options.onUp()
  }

  #noteGone(cause: string): void {
    if (this.#isClosed) return
    const { clock, onDown } = this.#options
    // A peer that takes us only to send us away is no nearer than one that is not there.
    if (clock.now() - this.#openedAt > MAX_RETRY_MS) this.#attempts = 0
    this.#openedAt = Number.POSITIVE_INFINITY
    const delayMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#attempts)
    this.#attempts += 1
    this.#retry = clock.setTimeout(() => {
      this.#socket = this.#connect()
    }, delayMs)
    if (this.#isDown) return
    this.#isDown = true
    onDown(cause)
  }
}
