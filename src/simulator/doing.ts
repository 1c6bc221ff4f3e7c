/**
 * Something a person has begun to do, such as speaking. It goes on by itself as time passes; only awaiting it also moves
 * a virtual clock, so that a story may let somebody talk while it does something else.
 */

type Settled = 'pending' | 'fulfilled' | 'rejected'

export class Doing<T> implements PromiseLike<T> {
  readonly #work: Promise<T>
  readonly #drive: (isDone: () => boolean) => Promise<void>
  #settled: Settled = 'pending'

  /** `drive` makes time pass until it is done; it rejects when that takes too long. */
  constructor(work: Promise<T>, drive: (isDone: () => boolean) => Promise<void>) {
    this.#work = work
    this.#drive = drive
    // Also keeps a failure that nobody awaits from being an unhandled one.
    work.then(
      () => (this.#settled = 'fulfilled'),
      () => (this.#settled = 'rejected'),
    )
  }

  // oxlint-disable-next-line unicorn/no-thenable -- awaiting it is what it is for
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#drive(() => this.#settled !== 'pending')
      .then(() => this.#work)
      .then(onFulfilled, onRejected)
  }
}
