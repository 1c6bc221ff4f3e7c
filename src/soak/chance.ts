import { Random } from '../simulator/random.ts'

/** One frame: whatever is planned falls on the beat, so that a simulated clock has few moments to stop at. */
const GRID_MS = 20

/** Choices that follow from the seed and from what they are made for, whatever happens elsewhere. */
export class Chance {
  readonly #random: Random

  /** @param parts name what the choices are for, e.g. a line and a turn. */
  constructor(seed: number, ...parts: readonly (string | number)[]) {
    this.#random = new Random(hashOf([seed, ...parts].join('/')))
  }

  /** At least 0 and below 1. */
  next(): number {
    return this.#random.next()
  }

  /** A whole number, both ends possible. */
  between(low: number, high: number): number {
    return this.#random.between(low, high)
  }

  /** Milliseconds on the beat. */
  ms(low: number, high: number): number {
    return this.between(Math.ceil(low / GRID_MS), Math.floor(high / GRID_MS)) * GRID_MS
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  pick<const T>(choices: readonly [T, ...T[]]): T {
    return choices[this.between(0, choices.length - 1)] ?? choices[0]
  }

  /** Each choice with its weight. */
  weighted<T>(choices: readonly [Weighted<T>, ...Weighted<T>[]]): T {
    const total = choices.reduce((sum, [weight]) => sum + weight, 0)
    let left = this.next() * total
    for (const [weight, choice] of choices) {
      left -= weight
      if (left < 0) return choice
    }
    return choices[0][1]
  }
}

export type Weighted<T> = readonly [weight: number, choice: T]

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
