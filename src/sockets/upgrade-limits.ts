import { isIPv6 } from 'node:net'
import type { Clock } from '../clock.ts'

/**
 * How many media sockets may wait for their call's `start`, from one address and in all.
 *
 * What the carrier signs for an upgrade is the same for each, so whoever has seen one can open as many sockets as he
 * likes; none gets past its `start` without a call's token. Only those that wait are counted, since all the calls of a
 * node may come from one address, a proxy's or a tunnel's.
 */

/** The calls of a node that is full (150), had they all lost their streams at once, and some more. */
const WAITING_PER_ADDRESS = 200
const WAITING_IN_ALL = 400
/** Whoever opens sockets and lets them go, one after the other, is held up as much as whoever keeps them. */
const AFTERTASTE_MS = 1_000

export interface UpgradeLimitsOptions {
  readonly clock: Clock
  readonly waitingPerAddress?: number | undefined
  readonly waitingInAll?: number | undefined
}

/** A socket's place among those that wait; told of one end of its waiting, it goes by the first. */
export interface WaitingPlace {
  /** Its call was found: it waits no longer. */
  readonly admitted: () => void
  /** The socket is gone. */
  readonly closed: () => void
}

/** Why there is no place, as it is answered and logged. */
export interface NoPlace {
  readonly refused: string
  /** In seconds: when it is worth trying again. */
  readonly retryAfter: number
}

export class UpgradeLimits {
  readonly #clock: Clock
  readonly #perAddress: number
  readonly #inAll: number
  /** By address, those with a place. */
  readonly #waiting = new Map<string, number>()
  #total = 0
  /** Gone without having been admitted, the first to leave first; their places are free when their time has come. */
  readonly #gone: { readonly from: string; readonly freeAt: number }[] = []

  constructor({ clock, waitingPerAddress = WAITING_PER_ADDRESS, waitingInAll = WAITING_IN_ALL }: UpgradeLimitsOptions) {
    this.#clock = clock
    this.#perAddress = waitingPerAddress
    this.#inAll = waitingInAll
  }

  /** Places that are taken. */
  get waiting(): number {
    this.#sweep()
    return this.#total
  }

  /** @param address the peer's, as its socket tells it. */
  take(address: string | undefined): WaitingPlace | NoPlace {
    this.#sweep()
    const from = networkOf(address)
    const waiting = this.#waiting.get(from) ?? 0
    if (waiting >= this.#perAddress) return noPlace(`${this.#perAddress} sockets of one address`)
    if (this.#total >= this.#inAll) return noPlace(`${this.#inAll} sockets in all`)
    this.#waiting.set(from, waiting + 1)
    this.#total += 1
    let isWaiting = true
    const leave = (free: () => void) => {
      if (isWaiting) free()
      isWaiting = false
    }
    return {
      admitted: () => leave(() => this.#free(from)),
      closed: () => leave(() => this.#gone.push({ from, freeAt: this.#clock.now() + AFTERTASTE_MS })),
    }
  }

  #sweep(): void {
    const now = this.#clock.now()
    const due = this.#gone.findIndex(({ freeAt }) => freeAt > now)
    for (const { from } of this.#gone.splice(0, due < 0 ? this.#gone.length : due)) this.#free(from)
  }

  #free(from: string): void {
    const left = (this.#waiting.get(from) ?? 1) - 1
    if (left === 0) this.#waiting.delete(from)
    else this.#waiting.set(from, left)
    this.#total -= 1
  }
}

function noPlace(limit: string): NoPlace {
  return { refused: `expected at most ${limit} to wait for their start, got one more`, retryAfter: 1 }
}

/** Whose address it is: of IPv6 a subscriber has 64 bits to himself, and an IPv4 address may be written as one. */
function networkOf(address = ''): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!isIPv6(plain)) return plain
  const [front = [], back = []] = plain.split('::').map((part) => part.split(':').filter(Boolean))
  const gap = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0')
  return [...front, ...gap, ...back].slice(0, 4).join(':')
}
