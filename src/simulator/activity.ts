/**
 * What is under way between the carrier and the servers it talks to, so that a virtual clock stands still until both
 * have caught up. Real sockets need real time, but no virtual time may pass while they take it.
 *
 * A round of settling asks every media socket on which something was said for a pong: TCP keeps the order, so when it
 * has come, the server has handled every frame sent before, and its immediate answers are here. Then it waits for webhooks and REST
 * requests under way. Rounds go on until one passes without a sign of life. Whoever does not answer within
 * `PATIENCE_MS` of REAL time is not waited for again, so that a hanging server cannot stop the clock.
 */

import { setImmediate as eventLoopTurn } from 'node:timers/promises'

/** Real milliseconds; generous, since a cold server may be slow without hanging. */
const PATIENCE_MS = 250
const FEWEST_ROUNDS = 2
const MOST_ROUNDS = 12
/** Turns of the event loop in which a promise job, a connect and a read each get their chance. */
const TURNS_PER_ROUND = 4
const NOTHING = (): void => undefined

export interface Barrier {
  /** Resolves when the peer has handled everything sent so far; undefined when there is nothing to ask it. */
  barrier(): Promise<void> | undefined
}

interface Operation {
  readonly done: Promise<void>
}

export class Activity {
  #signs = 0
  readonly #operations = new Set<Operation>()
  readonly #peers = new Set<Barrier>()

  /** Notes a sign of life: something came from a server. */
  touch(): void {
    this.#signs += 1
  }

  /** Marks an operation as under way until the returned function is called (again is harmless). */
  begin(): () => void {
    let finish: () => void = NOTHING
    const operation: Operation = { done: new Promise((resolve) => (finish = resolve)) }
    this.#operations.add(operation)
    this.touch()
    return () => {
      if (this.#operations.delete(operation)) this.touch()
      finish()
    }
  }

  /** The same for a promise. */
  async during<T>(work: Promise<T>): Promise<T> {
    const end = this.begin()
    try {
      return await work
    } finally {
      end()
    }
  }

  join(peer: Barrier): void {
    this.#peers.add(peer)
  }

  leave(peer: Barrier): void {
    this.#peers.delete(peer)
  }

  /** Resolves when everything under way has come to rest, or has used up its patience. */
  async settle(): Promise<void> {
    for (let round = 1; round <= MOST_ROUNDS; round++) {
      const before = this.#signs
      await this.#askPeers()
      await this.#awaitOperations()
      for (let turn = 0; turn < TURNS_PER_ROUND; turn++) await eventLoopTurn()
      if (round >= FEWEST_ROUNDS && this.#signs === before) return
    }
  }

  async #askPeers(): Promise<void> {
    const answers: Promise<void>[] = []
    for (const peer of this.#peers) {
      const answer = peer.barrier()
      if (answer) answers.push(this.#patiently(answer, () => this.#waitNoMoreFor(peer, answer)))
    }
    await Promise.all(answers)
  }

  /** A peer that answers late is asked again from then on. */
  #waitNoMoreFor(peer: Barrier, answer: Promise<void>): void {
    this.#peers.delete(peer)
    void answer.then(() => this.#peers.add(peer))
  }

  async #awaitOperations(): Promise<void> {
    const waits = [...this.#operations].map((operation) =>
      this.#patiently(operation.done, () => this.#operations.delete(operation)),
    )
    await Promise.all(waits)
  }

  /** In real time on purpose: virtual time must not pass here. */
  #patiently(done: Promise<void>, giveUp: () => void): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        giveUp()
        resolve()
      }, PATIENCE_MS)
      void done.then(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
