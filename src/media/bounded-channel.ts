/**
 * An async iterable that others push into. It holds at most `limit` items: past that the OLDEST goes, since what was
 * said last matters most on a live call, and `onDrop` is told.
 *
 * One reader at a time. A reader that stops leaves what it has not read to the next one. After `close` nothing more
 * comes in, what was pushed before is still read, and then every reader ends.
 */
export interface BoundedChannelOptions<T> {
  readonly onDrop?: (dropped: T) => void
  /** Called when a reader stops before the end. */
  readonly onReturn?: () => void
}

const ignore = () => {}
const END = { value: undefined, done: true } as const

export class BoundedChannel<T> implements AsyncIterable<T> {
  readonly #limit: number
  readonly #onDrop: (dropped: T) => void
  readonly #onReturn: () => void
  readonly #items: T[] = []
  #waiting: ((result: IteratorResult<T, undefined>) => void) | undefined
  #onReady: (() => void) | undefined
  #closed = false

  constructor(limit: number, options: BoundedChannelOptions<T> = {}) {
    this.#limit = limit
    this.#onDrop = options.onDrop ?? ignore
    this.#onReturn = options.onReturn ?? ignore
  }

  push(item: T): void {
    if (this.#closed) return
    if (this.#waiting !== undefined) return this.#answer({ value: item, done: false })
    this.#items.push(item)
    if (this.#items.length > this.#limit) for (const oldest of this.#items.splice(0, 1)) this.#onDrop(oldest)
    this.noteReady()
  }

  close(): void {
    this.#closed = true
    this.#answer(END)
    this.noteReady()
  }

  /** The oldest item, for a reader that does without promises; undefined when there is none now. */
  take(): T | undefined {
    return this.#items.shift()
  }

  /** Whether nothing will ever come any more. */
  get isExhausted(): boolean {
    return this.#closed && this.#items.length === 0
  }

  /** Whether a reader waits to be told that there is something. */
  protected get isAwaited(): boolean {
    return this.#onReady !== undefined
  }

  /** Calls `listener` once, as soon as there is something to take, or the end: in the turn in which it comes. */
  whenReady(listener: () => void): void {
    this.#onReady = listener
    if (this.#items.length > 0 || this.#closed) this.noteReady()
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    let stopped = false
    return {
      next: () => (stopped ? Promise.resolve(END) : this.#next()),
      return: () => {
        if (!stopped) {
          stopped = true
          this.#answer(END)
          this.#onReady = undefined
          this.#onReturn()
        }
        return Promise.resolve(END)
      },
    }
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    for (const value of this.#items.splice(0, 1)) return Promise.resolve({ value, done: false })
    if (this.#closed) return Promise.resolve(END)
    if (this.#waiting !== undefined) {
      return Promise.reject(new Error('expected one reader at a time, got a second next() while the first still waits'))
    }
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  protected noteReady(): void {
    const listener = this.#onReady
    this.#onReady = undefined
    listener?.()
  }

  #answer(result: IteratorResult<T, undefined>): void {
    const answer = this.#waiting
    this.#waiting = undefined
    answer?.(result)
  }
}
