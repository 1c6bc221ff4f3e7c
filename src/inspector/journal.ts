import type { CallTape, Happening } from '../recorder.ts'
import { discreet, LEAST_TOLD } from '../recording/discretion.ts'
import { OUTLINE_LIMIT } from '../recording/outline.ts'
import type { Header, Line } from '../recording/schema.ts'

/** What happened in one call while somebody looked, bounded: past {@link OUTLINE_LIMIT} lines the oldest go, and it says so. */
export class Journal implements CallTape {
  readonly #listeners = new Set<(line: Line) => void>()
  #lines: Line[]
  #dropped = 0
  #isOver: boolean

  constructor(lines: readonly Line[] = [], isOver = false) {
    this.#lines = [...lines]
    this.#isOver = isOver
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Whether it tells the call from its admission on. */
  get isWhole(): boolean {
    return this.#dropped === 0 && !this.#lines.some(({ what }) => what === 'joined')
  }

  /** In their order; what was dropped counts as one. */
  get lines(): readonly Line[] {
    const lines = this.#lines.slice(-OUTLINE_LIMIT)
    const dropped = this.#dropped + this.#lines.length - this.size
    return dropped === 0 ? lines : [{ at: 0, what: 'dropped', lines: dropped }, ...lines]
  }

  /** How many lines it keeps; `lines` are as many at most, and one more. */
  get size(): number {
    return Math.min(this.#lines.length, OUTLINE_LIMIT)
  }

  /** Calls `listener` with every line that comes, until the returned function is called. */
  listen(listener: (line: Line) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  note(at: number, happening: Happening): void {
    const line: Line = { at: Math.round(at * 100) / 100, ...discreet(happening, LEAST_TOLD) }
    this.#lines.push(line)
    if (this.#lines.length > 2 * OUTLINE_LIMIT) {
      this.#dropped += this.#lines.length - OUTLINE_LIMIT
      this.#lines = this.#lines.slice(-OUTLINE_LIMIT)
    }
    for (const listener of this.#listeners) listener(line)
  }

  /** Puts what happened before somebody looked in the place of the note that somebody came late. */
  precede(earlier: readonly Line[]): void {
    const joined = this.#lines.findIndex(({ what }) => what === 'joined')
    const { at = 0 } = this.#lines[joined] ?? {}
    // Those that were running when somebody came were noted as started then, at that very moment.
    const later = this.#lines.slice(joined + 1).filter((line) => line.what !== 'child' || line.at > at)
    this.#lines = [...earlier.filter((line) => line.at < at), ...later]
  }

  close(): void {
    this.#isOver = true
  }

  /** As a recording. */
  toText(header: Header): string {
    return [header, ...this.lines].map((line) => `${JSON.stringify(line)}\n`).join('')
  }
}
