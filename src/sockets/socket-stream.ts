import { Buffer } from 'node:buffer'
import type { WebSocket } from 'ws'
import type { StreamPort } from '../media/stream-port.ts'
import type { StreamSid } from '../twilio/ids.ts'
import { clearMessage, markMessage, mediaMessage } from '../twilio/outbound-messages.ts'

/** One carrier stream as the media plane writes to it: exactly the documented messages, nothing after it was closed. */
export class SocketStream implements StreamPort {
  readonly streamSid: StreamSid
  readonly #socket: WebSocket
  readonly #close: () => void

  constructor(socket: WebSocket, streamSid: StreamSid, close: () => void) {
    this.#socket = socket
    this.streamSid = streamSid
    this.#close = close
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  sendMedia(mulaw: Uint8Array): void {
    const payload = Buffer.from(mulaw.buffer, mulaw.byteOffset, mulaw.byteLength).toString('base64')
    this.#send(mediaMessage(this.streamSid, payload))
  }

  sendMark(name: string): void {
    this.#send(markMessage(this.streamSid, name))
  }

  sendClear(): void {
    this.#send(clearMessage(this.streamSid))
  }

  close(): void {
    this.#close()
  }

  #send(text: string): void {
    // Between the peer's close and our noticing it there is nobody to send to, and no harm in saying nothing.
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text)
  }
}
