import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'

/** Somebody else's inspector: a socket on loopback that keeps what it is told. */
export class InspectorListener {
  /** Each message as it came. */
  readonly texts: string[] = []
  /** What was said to get in: the request and its headers. */
  readonly requests: string[] = []
  readonly #server: WebSocketServer
  readonly #sockets = new Set<WebSocket>()

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (socket, request) => {
      this.#sockets.add(socket)
      this.requests.push(JSON.stringify([request.url, request.rawHeaders]))
      socket.on('message', (data: Buffer) => this.texts.push(data.toString()))
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  /** @param port 0: any free one. It is gone when the test is over. */
  static async open(port = 0): Promise<InspectorListener> {
    const server = new WebSocketServer({ host: '127.0.0.1', port })
    await once(server, 'listening')
    const listener = new InspectorListener(server)
    onTestFinished(() => listener.close())
    return listener
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  get messages(): Record<string, unknown>[] {
    return this.texts.map((text) => JSON.parse(text) as Record<string, unknown>)
  }

  /** How many are connected. */
  get size(): number {
    return this.#sockets.size
  }

  hears(what: string): Promise<void> {
    return vi.waitFor(() => {
      if (!this.texts.some((text) => text.includes(what)))
        throw new Error(`expected ${what}, got ${String(this.texts)}`)
    }, 5_000)
  }

  isLeft(): Promise<void> {
    return vi.waitFor(() => {
      if (this.size > 0) throw new Error('expected nobody to be connected')
    }, 5_000)
  }

  /** Reads no more of what it is sent. */
  stopReading(): void {
    for (const socket of this.#sockets) socket.pause()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
