/** A peer that writes its own bytes: what no WebSocket library would send. */

import { connect, type Socket } from 'node:net'

export interface FrameOptions {
  readonly fin?: boolean
  readonly masked?: boolean
  /** The three reserved bits, 0 to 7. */
  readonly rsv?: number
}

export const TEXT = 1
export const BINARY = 2
export const CONTINUATION = 0
export const CLOSE = 8
export const PING = 9

/** One WebSocket frame (RFC 6455, 5.2), legal or not. */
export function frame(opcode: number, payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { fin = true, masked = true, rsv = 0 } = options
  const body = Buffer.from(payload)
  const length = body.length < 126 ? [body.length] : body.length < 65_536 ? [126] : [127]
  const extended = Buffer.alloc(length[0] === 126 ? 2 : length[0] === 127 ? 8 : 0)
  if (extended.length === 2) extended.writeUInt16BE(body.length)
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(body.length))
  const head = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode, (masked ? 0x80 : 0) | (length[0] ?? 0)])
  if (!masked) return Buffer.concat([head, extended, body])
  const mask = Buffer.from([1, 2, 3, 4])
  return Buffer.concat([head, extended, mask, body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}

export interface Handshake {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent in the same packet as the handshake. */
  readonly firstBytes?: Uint8Array
}

export class RawPeer {
  readonly socket: Socket
  #bytes = Buffer.alloc(0)
  #isClosed = false

  /** Half-open connections stay open from this side: the peer never closes unless told. */
  constructor(port: number, { path = '/ws', headers = {}, firstBytes = Buffer.alloc(0) }: Handshake) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.on('data', (bytes) => (this.#bytes = Buffer.concat([this.#bytes, bytes])))
    this.socket.on('close', () => (this.#isClosed = true))
    this.socket.on('error', () => undefined)
    const lines = Object.entries({
      Host: '127.0.0.1',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`)
    const request = Buffer.from(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
    this.socket.write(Buffer.concat([request, firstBytes]))
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** The head of the HTTP answer, once it is there. */
  get answer(): string {
    const end = this.#bytes.indexOf('\r\n\r\n')
    return end < 0 ? '' : this.#bytes.subarray(0, end).toString()
  }

  get status(): number | undefined {
    const status = /^HTTP\/1\.1 (\d+)/.exec(this.answer)?.[1]
    return status === undefined ? undefined : Number(status)
  }

  /** The code of the server's close frame, once it is there. */
  get closeCode(): number | undefined {
    let rest = this.#bytes.subarray(this.answer.length + 4)
    while (rest.length >= 2) {
      const [first = 0, length = 0] = rest
      if (length >= 126) return undefined
      if ((first & 0x0f) === CLOSE) return rest.length >= 4 ? rest.readUInt16BE(2) : undefined
      rest = rest.subarray(2 + length)
    }
    return undefined
  }
}
