import type { InspectorMessage } from '../../inspector/wire.ts'
import { ClientSocket } from './client-socket.ts'

export interface OnlookerOptions {
  readonly port: number
  /** Of the inspector's socket. */
  readonly path: string
  /** The API token. */
  readonly token: string
}

/** What the server has told somebody who looks. */
export interface Seen {
  readonly messages: number
  readonly bytes: number
}

const READ_BUFFER_BYTES = 64 * 1024
const WATCH_TIMEOUT_MS = 5_000

/** Somebody at the inspector's page, who watches one call and reads all that comes. */
export class Onlooker {
  readonly #socket: ClientSocket
  #messages = 0
  #bytes = 0
  #state: 'looking for a call' | 'waiting for its film' | 'watching' = 'looking for a call'
  #lost: string | undefined
  #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined

  constructor({ port, path, token }: OnlookerOptions) {
    this.#socket = new ClientSocket({
      port,
      path,
      headers: { authorization: `Bearer ${token}` },
      buffer: Buffer.alloc(READ_BUFFER_BYTES),
      onText: (bytes, start, end) => this.#read(bytes, start, end),
      onPong: () => {},
      onLost: (why) => this.#fail(why),
    })
  }

  /** Resolves when one of the active calls is being watched, and counts what comes from then on. Rejects after 5 s. */
  async watch(): Promise<void> {
    const watching = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    const tooLate = () => this.#fail(`expected to watch a call within ${WATCH_TIMEOUT_MS} ms, was still ${this.#state}`)
    const timer = setTimeout(tooLate, WATCH_TIMEOUT_MS)
    try {
      await Promise.all([this.#socket.open(), watching])
    } finally {
      clearTimeout(timer)
    }
  }

  /** What came since a call was being watched. Throws when the server has let go of us meanwhile. */
  get seen(): Seen {
    if (this.#lost !== undefined) throw new Error(`expected to watch to the end, but ${this.#lost}`)
    return { messages: this.#messages, bytes: this.#bytes }
  }

  leave(): void {
    this.#socket.leave()
  }

  /** Once a call is being watched, what comes is counted and not looked into: this process has callers to mind. */
  #read(bytes: Buffer, start: number, end: number): void {
    if (this.#state !== 'watching') return this.#follow(JSON.parse(bytes.toString('utf8', start, end)))
    this.#messages += 1
    this.#bytes += end - start
  }

  #follow(message: InspectorMessage): void {
    if (message.type === 'unknown') return this.#fail(message.detail)
    if (message.type === 'calls' && this.#state === 'looking for a call') {
      const call = message.calls.find(({ state }) => state === 'active')
      if (call === undefined) return
      this.#state = 'waiting for its film'
      this.#socket.send(JSON.stringify({ type: 'watch', watched: call.id }))
    } else if (message.type === 'film') {
      this.#state = 'watching'
      this.#settle?.resolve()
    }
  }

  #fail(why: string): void {
    this.#lost ??= why
    this.#settle?.reject(new Error(why))
  }
}
