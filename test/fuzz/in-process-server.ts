import { createServer, type RequestListener } from 'node:http'
import { Duplex } from 'node:stream'

export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** One side of a connection that is no socket; what is pushed into it comes out at the server. */
class Wire extends Duplex {
  readonly written: Buffer[] = []

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.written.push(bytes)
    done()
  }
}

/** Node's own HTTP server with nothing between it and the test: bytes in, bytes out. */
export class InProcessServer {
  readonly #server

  constructor(handle: RequestListener) {
    // Whoever has said all there is to say waits for the answer.
    this.#server = Object.assign(createServer(handle), { httpAllowHalfOpen: true })
  }

  /** Resolves with the answer to one request, written as it goes over the wire, once the connection is over. */
  ask(request: Uint8Array): Promise<Answer> {
    const wire = new Wire()
    const answer = new Promise<Answer>((resolve) => {
      wire.once('finish', () => wire.destroy())
      wire.once('close', () => resolve(toAnswer(Buffer.concat(wire.written).toString())))
    })
    this.#server.emit('connection', wire)
    wire.push(request)
    wire.push(null)
    return answer
  }
}

function toAnswer(text: string): Answer {
  const end = text.indexOf('\r\n\r\n')
  const [head, body] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 4)]
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body }
}

/** A request with a body of that length, after which the connection is closed. */
export function requestOf(method: string, path: string, headers: object, body: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(body)
  const all = { Host: 'calls.example.com', Connection: 'close', 'Content-Length': bytes.length, ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes])
}
