import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { closeFrame, pingFrame, pongFrame, textFrame } from './masked-text.ts'
import { FrameReader } from './frame-reader.ts'

/**
 * A WebSocket client with nothing to spare: the load generator has to carry as many sockets on one core as the server
 * does on another, and to be the cheaper of the two.
 */

export interface ClientSocketOptions {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Where all sockets read into, one after the other. */
  readonly buffer: Buffer
  /** The text lies in `bytes` from `start` up to `end`, and only during the call. */
  readonly onText: (bytes: Buffer, start: number, end: number) => void
  readonly onPong: () => void
  /** Once, however it ended, unless {@link ClientSocket.leave} came first. */
  readonly onLost: (why: string) => void
}

/** Past this the server reads too slowly, and audio is discarded, as a carrier does. */
const CONGESTED_BYTES = 64 * 1024
const HANDSHAKE_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 1_000
const HEAD_END = '\r\n\r\n'

export class ClientSocket {
  readonly #socket: Socket
  readonly #options: ClientSocketOptions
  readonly #reader: FrameReader
  /** What came of the answer's head; undefined once it is through. */
  #head: Buffer | undefined = Buffer.alloc(0)
  #isLeft = false
  #opened: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined

  constructor(options: ClientSocketOptions) {
    this.#options = options
    this.#reader = new FrameReader({
      text: options.onText,
      ping: (payload) => this.write(pongFrame(payload)),
      pong: options.onPong,
      closed: () => this.#lose('the server closed the socket'),
    })
    const onread = { buffer: options.buffer, callback: (length: number) => this.#take(length) }
    this.#socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true, onread })
    this.#socket.on('error', (error) => this.#lose(error.message))
    this.#socket.on('close', () => this.#lose('the connection broke'))
    this.#socket.write(requestHead(options))
  }

  /** Resolves when the server has upgraded; rejects when it did not, or not in time. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#lose(`expected status 101 within ${HANDSHAKE_TIMEOUT_MS} ms, got no answer`),
        HANDSHAKE_TIMEOUT_MS,
      )
      const settled = (settle: () => void) => {
        clearTimeout(timer)
        this.#opened = undefined
        settle()
      }
      this.#opened = { resolve: () => settled(resolve), reject: (error) => settled(() => reject(error)) }
    })
  }

  /** False when the bytes still lie in the caller's buffer, and it must be left alone. */
  write(bytes: Uint8Array): boolean {
    this.#socket.write(bytes)
    return this.#socket.writableLength === 0
  }

  send(text: string): void {
    this.write(textFrame(text))
  }

  ping(): void {
    this.write(pingFrame())
  }

  get isCongested(): boolean {
    return this.#socket.writableLength > CONGESTED_BYTES
  }

  /** Says goodbye; nothing is reported any more. */
  leave(): void {
    if (this.#isLeft) return
    this.#isLeft = true
    this.#socket.end(closeFrame())
    setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS).unref()
  }

  #take(length: number): boolean {
    if (this.#isLeft) return true
    try {
      if (this.#head === undefined) this.#reader.push(this.#options.buffer, length)
      else this.#takeHead(Buffer.concat([this.#head, this.#options.buffer.subarray(0, length)]))
    } catch (error) {
      this.#lose(String(error))
    }
    return true
  }

  #takeHead(bytes: Buffer): void {
    this.#head = bytes
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return
    const status = /^HTTP\/1\.1 (\d{3})/.exec(bytes.toString('latin1', 0, end))?.[1]
    if (status !== '101') return this.#lose(`expected status 101, got ${status ?? 'no HTTP answer'}`)
    this.#head = undefined
    this.#opened?.resolve()
    const first = bytes.subarray(end + HEAD_END.length)
    if (first.length > 0) this.#reader.push(first, first.length)
  }

  #lose(why: string): void {
    if (this.#isLeft) return
    this.#isLeft = true
    this.#socket.destroy()
    const opened = this.#opened
    if (opened === undefined) this.#options.onLost(why)
    else opened.reject(new Error(why))
  }
}

function requestHead({ port, path, headers }: ClientSocketOptions): string {
  const all = {
    host: `127.0.0.1:${port}`,
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
    'user-agent': 'Twilio.TmeWs/1.0',
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}
