/** A time during which something held for everybody. Milliseconds on the clock in force. */
interface Spell {
  readonly from: number
  to: number
}

/** When something held that no single call is to blame for. */
export class Weather {
  readonly #spells: Spell[] = []

  /** From now on, until {@link end}. */
  begin(at: number): void {
    if (this.#spells.at(-1)?.to !== Infinity) this.#spells.push({ from: at, to: Infinity })
  }

  end(at: number): void {
    const spell = this.#spells.at(-1)
    if (spell?.to === Infinity) spell.to = at
  }

  /** In the order of their beginnings. */
  note(from: number, to: number): void {
    const last = this.#spells.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else this.#spells.push({ from, to })
  }

  held(from: number, to: number): boolean {
    return this.#spells.some((spell) => spell.from <= to && spell.to >= from)
  }

  get count(): number {
    return this.#spells.length
  }

  get totalMs(): number {
    return this.#spells.reduce((sum, { from, to }) => sum + (to === Infinity ? 0 : to - from), 0)
  }
}
