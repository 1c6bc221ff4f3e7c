/**
 * The carrier's buffer of one stream, as the caller hears it: it drains in real time, and where it runs dry there is a
 * gap. In all contenders somebody speaks without a pause, so that every dry spell is a gap, but for the one after a
 * clear. Times are the clock's milliseconds.
 */
export class Playout {
  /** When the caller has heard all there is; undefined before the first audio, and after a clear. */
  #dryAt: number | undefined
  #marks: { readonly name: string; readonly at: number }[] = []

  /** Appends audio that came now. Returns for how long the caller had heard nothing, 0 for not at all. */
  write(durationMs: number, now: number): number {
    const gapMs = this.dryForMs(now)
    this.#dryAt = this.heardFrom(now) + durationMs
    return gapMs
  }

  /** For how long the buffer has been dry. */
  dryForMs(now: number): number {
    return this.#dryAt === undefined ? 0 : Math.max(0, now - this.#dryAt)
  }

  /** When audio that came now would begin to be heard. */
  heardFrom(now: number): number {
    return Math.max(this.#dryAt ?? now, now)
  }

  mark(name: string, now: number): void {
    this.#marks.push({ name, at: this.heardFrom(now) })
  }

  clear(now: number): void {
    this.#dryAt = undefined
    this.#marks = this.#marks.map(({ name }) => ({ name, at: now }))
  }

  /** The marks to be echoed by now, each returned once. */
  takeDueMarks(now: number): readonly string[] {
    if ((this.#marks[0]?.at ?? Infinity) > now) return []
    const due = this.#marks.filter(({ at }) => at <= now)
    this.#marks = this.#marks.slice(due.length)
    return due.map(({ name }) => name)
  }
}
