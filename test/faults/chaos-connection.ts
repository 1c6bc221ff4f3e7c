import type { Socket } from 'node:net'
import type { Clock } from '../../src/clock.ts'
import type { Random } from '../../src/simulator/random.ts'
import { type Conditions, Way } from './way.ts'

export interface Directions {
  /** From whoever connected to the target. */
  readonly up?: Conditions
  /** From the target back. */
  readonly down?: Conditions
}

export interface ChaosConnectionOptions {
  readonly client: Socket
  readonly server: Socket
  readonly clock: Clock
  readonly random: Random
  readonly onSign: () => void
}

/** One connection through the proxy, in the hands of a test. What is asked of it goes for both ways. */
export class ChaosConnection {
  readonly up: Way
  readonly down: Way
  /** Resolves when neither side has a socket any more. */
  readonly over: Promise<void>
  readonly #client: Socket
  readonly #server: Socket
  #opening = ''
  #isOver = false

  constructor({ client, server, clock, random, onSign }: ChaosConnectionOptions) {
    this.#client = client
    this.#server = server
    client.once('data', (bytes: Buffer) => {
      this.#opening = bytes.toString('latin1').split('\r\n', 1)[0] ?? ''
    })
    const onEnding = (ending: 'reset' | 'close') => (ending === 'reset' ? this.reset() : this.close())
    const common = { clock, random, onSign, onEnding }
    this.up = new Way({ from: client, to: server, ...common })
    this.down = new Way({ from: server, to: client, ...common })
    this.over = Promise.all([client, server].map((socket) => closed(socket))).then(() => {
      this.#isOver = true
      this.up.release()
      this.down.release()
      onSign()
    })
  }

  /** The first line that the client said, such as `GET /ws HTTP/1.1`. */
  get opening(): string {
    return this.#opening
  }

  get isOver(): boolean {
    return this.#isOver
  }

  set({ up = {}, down = {} }: Directions): void {
    this.up.set(up)
    this.down.set(down)
  }

  stall(forMs?: number): void {
    this.up.stall(forMs)
    this.down.stall(forMs)
  }

  resume(): void {
    this.up.resume()
    this.down.resume()
  }

  /** Half-open from now on: each side believes that the other is there, and is silent. */
  swallow(): void {
    this.up.swallow()
    this.down.swallow()
  }

  /** Both sides get an RST, after what their kernels have got before. */
  reset(): void {
    this.#release()
    for (const socket of [this.#client, this.#server]) resetAtOnce(socket)
  }

  /** Both sides get a FIN, after what was written before. */
  close(): void {
    this.#release()
    for (const socket of [this.#client, this.#server]) socket.end(() => socket.destroy())
  }

  /** Nothing is left of it, whatever state it was in. */
  destroy(): void {
    this.#release()
    this.#client.destroy()
    this.#server.destroy()
  }

  #release(): void {
    this.up.release()
    this.down.release()
  }
}

/** An RST and nothing else: by itself `resetAndDestroy` says an orderly goodbye first, and that may be all that is heard. */
export function resetAtOnce(socket: Socket): void {
  // While a goodbye is on its way libuv refuses to reset, and Node would never say that the socket is closed.
  const isSayingGoodbye = socket.writableEnded && !socket.writableFinished
  Object.assign(socket, { resetAndClosing: !isSayingGoodbye }).destroy()
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
