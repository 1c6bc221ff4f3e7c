import type { InspectorMessage, ViewerRequest } from '../wire.ts'

/** What is needed of a WebSocket. */
export interface Socket {
  send(text: string): void
  close(): void
  addEventListener(type: 'open' | 'close' | 'message', listener: (event: object) => void): void
}

export type ConnectionState = 'connecting' | 'open' | 'reconnecting'

export interface ConnectionOptions {
  readonly open: () => Socket
  readonly onMessage: (message: InspectorMessage) => void
  /** `why`: in words, if the server said. */
  readonly onState: (state: ConnectionState, why?: string) => void
  /** The server closed with that it will not have us, or never let us in: perhaps the session is over. */
  readonly onRefused: () => void
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000

const REASONS: Readonly<Record<number, string>> = {
  1001: 'the server is going away',
  1013: 'this page was too slow to follow',
}
const POLICY = 1008

/** The socket to the server, opened anew for as long as the page lives; what is watched is asked for each time. */
export class Connection {
  readonly #options: ConnectionOptions
  #socket: Socket | undefined
  #isOpen = false
  #waitMs = FIRST_WAIT_MS
  #watched: string | null = null

  constructor(options: ConnectionOptions) {
    this.#options = options
    options.onState('connecting')
    this.#connect()
  }

  watch(watched: string | null): void {
    this.#watched = watched
    this.#ask()
  }

  #ask(): void {
    const request: ViewerRequest = { type: 'watch', watched: this.#watched }
    if (this.#isOpen) this.#socket?.send(JSON.stringify(request))
  }

  #connect(): void {
    const socket = this.#options.open()
    this.#socket = socket
    socket.addEventListener('open', () => {
      this.#isOpen = true
      this.#options.onState('open')
      if (this.#watched !== null) this.#ask()
    })
    socket.addEventListener('message', (event) => {
      // It works: the next loss is a new one.
      this.#waitMs = FIRST_WAIT_MS
      if ('data' in event) this.#options.onMessage(JSON.parse(String(event.data)) as InspectorMessage)
    })
    socket.addEventListener('close', (event) => this.#reconnect('code' in event ? Number(event.code) : 0))
  }

  #reconnect(code: number): void {
    const wasOpen = this.#isOpen
    this.#isOpen = false
    this.#options.onState('reconnecting', REASONS[code])
    if (!wasOpen || code === POLICY) this.#options.onRefused()
    setTimeout(() => this.#connect(), this.#waitMs)
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2)
  }
}
