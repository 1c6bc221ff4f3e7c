import { Buffer } from 'node:buffer'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { StreamPort } from '../media/stream-port.ts'
import type { StreamSid } from '../twilio/ids.ts'
import { clearMessage, markMessage, mediaMessage } from '../twilio/outbound-messages.ts'
import { textFrame } from './text-frame.ts'

export interface SocketStreamOptions {
  readonly streamSid: StreamSid
  readonly close: () => void
}

/**
 * One carrier stream as the media plane writes to it: exactly the documented messages, nothing after it was closed.
 *
 * Media goes to the TCP socket as a frame of our own making, in one write of one string. `ws` makes two buffers for each
 * message and gathers them, which costs half as much again. It may come between two frames of the library's, never into
 * one: without compression those are written whole, in the turn in which they are sent.
 */
export class SocketStream implements StreamPort {
  readonly streamSid: StreamSid
  readonly #socket: WebSocket
  readonly #tcp: Duplex
  readonly #close: () => void

  constructor(socket: WebSocket, tcp: Duplex, { streamSid, close }: SocketStreamOptions) {
    this.#socket = socket
    this.#tcp = tcp
    this.streamSid = streamSid
    this.#close = close
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  sendMedia(mulaw: Uint8Array): void {
    if (!this.#isOpen) return
    const payload = Buffer.from(mulaw.buffer, mulaw.byteOffset, mulaw.byteLength).toString('base64')
    const text = mediaMessage(this.streamSid, payload)
    const frame = textFrame(text)
    if (frame === undefined) this.#socket.send(text)
    else this.#tcp.write(frame, 'latin1')
  }

  sendMark(name: string): void {
    if (this.#isOpen) this.#socket.send(markMessage(this.streamSid, name))
  }

  sendClear(): void {
    if (this.#isOpen) this.#socket.send(clearMessage(this.streamSid))
  }

  close(): void {
    this.#close()
  }

  /** Between the peer's close and our noticing it there is nobody to send to, and no harm in saying nothing. */
  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }
}
