/**
 * An async iterable that others push into. It holds at most `limit` items: past that the OLDEST goes, since what was
 * said last matters most on a live call, and `onDrop` is told.
 *
 * One reader at a time. Ends when `close` is called (what was pushed before is still read) or the reader returns.
 */
export class BoundedChannel<T> implements AsyncIterable<T> {
  readonly #limit: number
  readonly #onDrop: (dropped: T) => void
  readonly #onReturn: () => void
  #items: T[] = []
  #waiting: ((result: IteratorResult<T, undefined>) => void) | undefined
  #closed = false

  constructor(limit: number, options: { onDrop?: (dropped: T) => void; onReturn?: () => void } = {}) {
    this.#limit = limit
    this.#onDrop = options.onDrop ?? (() => {})
    this.#onReturn = options.onReturn ?? (() => {})
  }

  push(item: T): void {
    if (this.#closed) return
    if (this.#waiting !== undefined) {
      const resolve = this.#waiting
      this.#waiting = undefined
      resolve({ value: item, done: false })
      return
    }
    this.#items.push(item)
    if (this.#items.length > this.#limit) this.#onDrop(this.#items.shift() as T)
  }

  close(): void {
    this.#closed = true
    this.#waiting?.({ value: undefined, done: true })
    this.#waiting = undefined
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.#items = []
        this.close()
        this.#onReturn()
        return Promise.resolve({ value: undefined, done: true })
      },
    }
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) return Promise.resolve({ value: this.#items.shift() as T, done: false })
    if (this.#closed) return Promise.resolve({ value: undefined, done: true })
    if (this.#waiting !== undefined) {
      return Promise.reject(new Error('expected one reader at a time, got a second next() while the first still waits'))
    }
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }
}
