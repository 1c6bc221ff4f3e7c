import { pathOf } from './address.ts'
import { found, setText } from './element.ts'
import { secondsOf } from './figures.ts'
import type { Projector, Speed } from './projector.ts'

const SPEEDS: Readonly<Record<string, Speed>> = { 1: 1, 4: 4, max: 'max' }

/** The controls of a projector. */
export class TimeTravel {
  readonly #projector: Projector
  readonly #scrubber = found('#scrubber', HTMLInputElement)
  readonly #moment = found('#moment', HTMLOutputElement)
  readonly #back = found('#back', HTMLButtonElement)
  readonly #play = found('#play', HTMLButtonElement)
  readonly #forward = found('#forward', HTMLButtonElement)
  readonly #live = found('#live', HTMLButtonElement)
  readonly #download = found('#download', HTMLAnchorElement)

  constructor(projector: Projector) {
    this.#projector = projector
    this.#scrubber.addEventListener('input', () => projector.seek(Number(this.#scrubber.value)))
    this.#back.addEventListener('click', () => projector.step(-1))
    this.#forward.addEventListener('click', () => projector.step(1))
    this.#play.addEventListener('click', () => this.toggle())
    this.#live.addEventListener('click', () => projector.goLive())
    const speed = found('#speed', HTMLSelectElement)
    speed.addEventListener('change', () => {
      projector.speed = SPEEDS[speed.value] ?? 1
    })
  }

  /** Plays, or pauses. */
  toggle(): void {
    if (this.#projector.isPlaying) this.#projector.pause()
    else this.#projector.play()
  }

  update(): void {
    const { film, cursor, isLive, isPlaying } = this.#projector
    const end = film?.end ?? -1
    for (const control of [this.#scrubber, this.#back, this.#play, this.#forward]) control.disabled = end < 0
    this.#scrubber.max = String(Math.max(0, end))
    this.#scrubber.value = String(Math.max(0, cursor))
    this.#scrubber.style.setProperty('--share', String(end > 0 ? cursor / end : 0))
    setText(this.#play, isPlaying ? '❚❚' : '▶')
    this.#play.setAttribute('aria-label', isPlaying ? 'Pause' : 'Play')
    const mayBeLive = film !== undefined && !film.isOver
    setText(this.#live, mayBeLive || !film ? 'Live' : 'End')
    this.#live.disabled = !film || (!mayBeLive && cursor === end)
    this.#live.setAttribute('aria-pressed', String(isLive))
    this.#download.hidden = film?.call === undefined || film.file !== undefined
    if (film?.call) this.#download.href = `${pathOf(film.watched)}/recording`
    this.tick()
  }

  /** Time goes on between two lines, too. */
  tick(): void {
    const { film, cursor, atMs } = this.#projector
    const words = film && film.end >= 0 ? `${secondsOf(atMs)} s · line ${cursor + 1} of ${film.end + 1}` : ''
    setText(this.#moment, words)
    this.#scrubber.setAttribute('aria-valuetext', words)
  }
}
