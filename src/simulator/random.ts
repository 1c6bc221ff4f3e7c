/** Repeatable chance: the same seed gives the same call, jitter and identifiers included. */

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** At least 0 and below 1. Mulberry32, by Tommy Ettinger, public domain. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  /** Two letters and 32 hexadecimal digits: https://www.twilio.com/docs/glossary/what-is-a-sid */
  sid(prefix: 'AC' | 'CA' | 'MZ' | 'PN' | 'RE'): string {
    const word = (): string => this.between(0, 0xffffffff).toString(16).padStart(8, '0')
    return prefix + word() + word() + word() + word()
  }
}
