import type { Line } from '../../recording/schema.ts'
import type { Film } from './film.ts'

export type Speed = 1 | 4 | 'max'

/** At `max` a step is a frame, and the longest film takes some ten seconds. */
const FRAME_MS = 16
const FRAMES_OF_LONGEST = 600

export interface Move {
  /** Lines that have just happened, the latest last: several at once only while live. */
  readonly passed: readonly Line[]
  readonly isNewFilm: boolean
}

/** Steps through a film: by hand, in the film's own time, or along with a call that is live. */
export class Projector {
  readonly #onMove: (move: Move) => void
  #film: Film | undefined
  #cursor = -1
  #isLive = false
  #speed: Speed = 1
  #timer: ReturnType<typeof setTimeout> | undefined
  #steppedAt = 0

  constructor(onMove: (move: Move) => void) {
    this.#onMove = onMove
  }

  get film(): Film | undefined {
    return this.#film
  }

  /** Index of the line that has happened last; -1 before the first. */
  get cursor(): number {
    return this.#cursor
  }

  /** The newest line is shown, and those to come will be. */
  get isLive(): boolean {
    return this.#isLive
  }

  get isPlaying(): boolean {
    return this.#timer !== undefined
  }

  get speed(): Speed {
    return this.#speed
  }

  set speed(speed: Speed) {
    this.#speed = speed
    if (this.isPlaying) this.play()
  }

  /** The film's time, in milliseconds since the call was admitted; it goes on between two lines while playing. */
  get atMs(): number {
    const at = this.#atOf(this.#cursor)
    if (!this.isPlaying || this.#speed === 'max') return at
    const passed = (performance.now() - this.#steppedAt) * this.#speed
    return Math.min(at + passed, this.#atOf(this.#cursor + 1))
  }

  /** Shows a film from its end. The same call's once more, as after a lost connection, stays where it stood. */
  load(film: Film | undefined): void {
    const isSame = film !== undefined && film.watched === this.#film?.watched && film.file === this.#film.file
    if (!isSame) this.#halt()
    const staysBack = isSame && !this.#isLive && this.#cursor < film.end
    this.#film = film
    if (!staysBack) {
      this.#isLive = film !== undefined && !film.isOver
      this.#cursor = film?.end ?? -1
    }
    this.#onMove({ passed: [], isNewFilm: true })
  }

  /** More has happened in the film. */
  add(lines: readonly Line[]): void {
    const film = this.#film
    if (!film) return
    const end = film.end
    const fallen = film.append(lines)
    this.#cursor = Math.max(0, (this.#isLive ? film.end + fallen : this.#cursor) - fallen)
    const passed = this.#isLive ? film.lines.slice(Math.max(0, end + 1 - fallen)) : []
    this.#onMove({ passed, isNewFilm: fallen > 0 })
  }

  /** To the line at `index`, or the nearest there is. */
  seek(index: number): void {
    this.#halt()
    this.#isLive = false
    this.#moveTo(index)
  }

  step(by: number): void {
    this.seek(this.#cursor + by)
  }

  /** On from here; from the beginning if this is the end. */
  play(): void {
    this.#halt()
    if (!this.#film || this.#film.end < 0) return
    this.#isLive = false
    if (this.#cursor >= this.#film.end) this.#moveTo(0)
    this.#schedule()
    this.#onMove({ passed: [], isNewFilm: false })
  }

  pause(): void {
    this.#halt()
    this.#onMove({ passed: [], isNewFilm: false })
  }

  /** To the newest line, and along with the call if it still lives. */
  goLive(): void {
    this.#halt()
    this.#isLive = this.#film !== undefined && !this.#film.isOver
    this.#moveTo(this.#film?.end ?? -1)
  }

  #schedule(): void {
    const film = this.#film
    this.#steppedAt = performance.now()
    if (!film || this.#cursor >= film.end) {
      this.goLive()
      return
    }
    const gapMs = Math.max(0, this.#atOf(this.#cursor + 1) - this.#atOf(this.#cursor))
    const waitMs = this.#speed === 'max' ? FRAME_MS : gapMs / this.#speed
    const stride = this.#speed === 'max' ? Math.ceil(film.lines.length / FRAMES_OF_LONGEST) : 1
    this.#timer = setTimeout(() => {
      this.#moveTo(this.#cursor + stride)
      this.#schedule()
    }, waitMs)
  }

  #moveTo(index: number): void {
    const end = this.#film?.end ?? -1
    this.#cursor = Math.min(end, Math.max(Math.min(0, end), index))
    const line = this.#film?.lines[this.#cursor]
    this.#onMove({ passed: line ? [line] : [], isNewFilm: false })
  }

  #atOf(index: number): number {
    return this.#film?.lines[index]?.at ?? 0
  }

  #halt(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
