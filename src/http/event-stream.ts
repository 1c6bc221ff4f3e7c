import { Readable } from 'node:stream'
import type { Clock, Timer } from '../clock.ts'
import type { FollowedCall, Progress } from './progress-desk.ts'

/**
 * The server-sent events of one reader, who follows one call.
 *
 * Invariants
 * - S1 Nothing waits for a reader: who leaves more than a bound unread is let go, and may come again.
 * - S2 However it ends (the call is over, the reader has gone, the server stops), nothing is listened to any more.
 */

/** How long a reader waits before it comes again. */
const RETRY_MS = 1_000
/** Proxies close what says nothing for a minute, some sooner. */
const HEARTBEAT_MS = 15_000
/** For a reader to take the last of what it was told. */
const PATIENCE_MS = 15_000
/** A call's edges are a few hundred bytes each, so that a reader who has left so much has stopped reading. */
const MOST_UNREAD_BYTES = 256 * 1024

export interface EventStreamOptions {
  readonly clock: Clock
  readonly call: FollowedCall
  /** The number of the last event that this reader had, from an earlier stream; 0 if none. */
  readonly lastId: number
  /** What has left {@link EventStream.body} and was not taken by the network. */
  readonly unsentBytes: () => number
}

export class EventStream {
  /** What goes to the reader. It is closed when the reader has all there is, or has gone. */
  readonly body = new Readable({ read: () => {} })
  readonly #clock: Clock
  readonly #unsentBytes: () => number
  #leave: (() => void) | undefined
  #lastId: number
  #timer: Timer
  #isOver = false

  constructor({ clock, call, lastId, unsentBytes }: EventStreamOptions) {
    this.#clock = clock
    this.#unsentBytes = unsentBytes
    this.#lastId = lastId
    this.body.once('close', () => this.#stop())
    this.#write(`retry: ${RETRY_MS}\n\n`)
    this.#beat()
    this.#leave = call.follow((progress) => this.#tell(progress))
  }

  /** Tells no more; what was told so far may still be taken. */
  end(): void {
    if (this.#isOver) return
    this.#stop()
    this.body.push(null)
    this.#timer = this.#clock.setTimeout(() => this.body.destroy(), PATIENCE_MS)
  }

  #tell(progress: Progress): void {
    const { type, ...told } = progress
    this.#lastId += 1
    const data = JSON.stringify(progress.type === 'end' ? progress.call : told)
    this.#write(`event: ${type}\nid: ${this.#lastId}\ndata: ${data}\n\n`)
    if (type === 'end') this.end()
  }

  #beat(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#write(': the call goes on\n\n')
      if (!this.#isOver) this.#beat()
    }, HEARTBEAT_MS)
  }

  #write(text: string): void {
    if (this.#isOver) return
    if (this.body.readableLength + this.#unsentBytes() <= MOST_UNREAD_BYTES) this.body.push(text)
    else this.body.destroy()
  }

  #stop(): void {
    this.#isOver = true
    this.#clock.clearTimeout(this.#timer)
    this.#leave?.()
    this.#leave = undefined
  }
}
