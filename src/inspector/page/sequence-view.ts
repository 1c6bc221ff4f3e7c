import { toArrow } from './arrows.ts'
import { detailsOf } from './details.ts'
import { element, found, setText } from './element.ts'
import { secondsOf } from './figures.ts'
import type { Film } from './film.ts'
import { lanesOf } from './lanes.ts'
import type { Projector } from './projector.ts'

/** Rows at a time: a film may have thousands of lines, a page may not. */
const MOST_ROWS = 500
/** Rows that are kept on either side of the cursor. */
const FEWEST_AROUND = 60
/** The newest row counts as seen when it is no further below than this, in pixels. */
const NEAR_END = 80

/** A film as a sequence diagram: a lane for everybody, a row for every line. */
export class SequenceView {
  readonly #projector: Projector
  readonly #frame = found('#film')
  readonly #heads = found('#lanes')
  readonly #list = found('#sequence', HTMLOListElement)
  readonly #empty = found('#no-lines')
  readonly #details = found('#details')
  #lanes: string[] = []
  /** Indices of the first row and of the one after the last. */
  #from = 0
  #to = 0
  #selected: Element | undefined
  /** Somebody who has scrolled away from the newest row is reading. */
  #isAtEnd = true

  constructor(projector: Projector) {
    this.#projector = projector
    this.#frame.addEventListener('scroll', () => this.#noteScroll(), { passive: true })
    new ResizeObserver(() => this.#scroll()).observe(this.#frame)
    this.#list.addEventListener('click', (event) => this.#onClick(event))
    this.#list.addEventListener('keydown', (event) => this.#onKey(event))
  }

  /** `isNewFilm`: nothing of what is shown holds any more. */
  update(isNewFilm: boolean): void {
    const { film, cursor, isLive } = this.#projector
    this.#empty.hidden = film !== undefined && film.end >= 0
    setText(this.#empty, film ? 'Nothing has happened yet since somebody looked.' : '')
    if (!film) return this.#clear()
    const hasNewLane = this.#layLanes(film)
    if (isNewFilm || hasNewLane || !this.#covers(film, cursor)) this.#fill(film, cursor)
    else this.#extend(film)
    this.#select(cursor, isLive)
    this.#isAtEnd ||= isNewFilm
    this.#scroll()
    this.#tell(film, cursor, isLive)
  }

  #clear(): void {
    this.#list.replaceChildren()
    this.#heads.replaceChildren()
    this.#lanes = []
    this.#details.hidden = true
  }

  #layLanes(film: Film): boolean {
    const lanes = lanesOf(film)
    if (lanes.join() === this.#lanes.join()) return false
    this.#lanes = lanes
    this.#heads.replaceChildren(...lanes.map((lane) => element('span', {}, lane)))
    this.#frame.style.setProperty('--lanes', String(lanes.length))
    return true
  }

  #covers({ end }: Film, cursor: number): boolean {
    const hasEnoughBefore = this.#from === 0 || cursor - this.#from >= FEWEST_AROUND
    const hasEnoughAfter = this.#to - cursor >= FEWEST_AROUND || end - this.#to < FEWEST_AROUND
    return hasEnoughBefore && hasEnoughAfter && cursor <= end
  }

  #fill(film: Film, cursor: number): void {
    this.#to = Math.min(film.end + 1, Math.max(MOST_ROWS, cursor + MOST_ROWS / 2))
    this.#from = Math.max(0, this.#to - MOST_ROWS)
    this.#list.replaceChildren(...this.#rows(film, this.#from, this.#to))
    this.#note(film)
  }

  /** Adds the film's newest lines, and takes away as many of the oldest if there are too many. */
  #extend(film: Film): void {
    if (film.end + 1 > this.#to && this.#to + MOST_ROWS >= film.end) {
      const room = this.#projector.isLive ? Number.POSITIVE_INFINITY : MOST_ROWS - (this.#to - this.#from)
      const to = Math.min(film.end + 1, this.#to + room)
      this.#list.append(...this.#rows(film, this.#to, to))
      this.#to = to
      while (this.#to - this.#from > MOST_ROWS) {
        this.#list.querySelector('[data-line]')?.remove()
        this.#from += 1
      }
    }
    this.#note(film)
  }

  /** How many lines there are beyond the rows: of what is not shown, it is at least said. */
  #note(film: Film): void {
    for (const note of this.#list.querySelectorAll('.more')) note.remove()
    this.#list.prepend(...more(this.#from, 'earlier'))
    this.#list.append(...more(film.end + 1 - this.#to, 'later'))
  }

  #rows(film: Film, from: number, to: number): HTMLElement[] {
    return film.lines.slice(from, to).map((_, offset) => this.#row(film, from + offset))
  }

  #row(film: Film, index: number): HTMLElement {
    const line = film.lines[index]
    if (!line) return element('li')
    const { from, to, label, kind, isIdle, isFault } = toArrow(line, film)
    const [a, b] = [this.#lanes.indexOf(from), this.#lanes.indexOf(to)]
    const direction = kind === 'note' ? '' : a === b ? 'self' : a < b ? 'right' : 'left'
    const classes = [kind, direction, isIdle ? 'idle' : '', isFault ? 'fault' : '']
    const words = kind === 'note' ? label : `${label}, ${a === b ? from : `${from} to ${to}`}`
    const row = element(
      'li',
      {
        id: `line-${index}`,
        role: 'option',
        'aria-selected': 'false',
        'aria-label': `${secondsOf(line.at)} s: ${words}`,
        'data-line': String(index),
        class: classes.filter(Boolean).join(' '),
      },
      element('time', {}, secondsOf(line.at)),
      element('span', { class: 'track' }, element('span', { class: 'label', title: label }, label), element('i')),
    )
    const [start, stop] = [Math.max(0, Math.min(a, b)), Math.max(0, a, b)]
    row.style.setProperty('--a', String(start))
    row.style.setProperty('--b', String(stop))
    // Words begin where the arrow does, unless there is no room for them to the right of it.
    if (start > this.#lanes.length * 0.55) row.classList.add('late')
    return row
  }

  #select(cursor: number, isLive: boolean): void {
    this.#selected?.setAttribute('aria-selected', 'false')
    this.#selected = this.#list.querySelector(`[data-line="${cursor}"]`) ?? undefined
    this.#selected?.setAttribute('aria-selected', 'true')
    this.#list.setAttribute('aria-activedescendant', this.#selected?.id ?? '')
    this.#list.classList.toggle('back', !isLive)
  }

  #scroll(): void {
    if (!this.#projector.isLive) this.#reveal()
    else if (this.#isAtEnd) this.#frame.scrollTop = this.#frame.scrollHeight
  }

  #noteScroll(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#frame
    // Hidden, it has no height.
    if (clientHeight > 0) this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END
  }

  #reveal(): void {
    const row = this.#selected?.getBoundingClientRect()
    const frame = this.#frame.getBoundingClientRect()
    const top = frame.top + this.#heads.offsetHeight
    if (!row) return
    if (row.top < top) this.#frame.scrollTop -= top - row.top + row.height
    if (row.bottom > frame.bottom) this.#frame.scrollTop += row.bottom - frame.bottom + row.height
  }

  #tell(film: Film, cursor: number, isLive: boolean): void {
    const line = film.lines[cursor]
    this.#details.hidden = isLive || !line
    if (isLive || !line) return
    const list = detailsOf(line).flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])
    this.#details.replaceChildren(element('dl', {}, ...list))
  }

  #onClick({ target }: Event): void {
    const row = target instanceof Element ? target.closest<HTMLElement>('[data-line]') : null
    if (row) this.#projector.seek(Number(row.dataset.line))
  }

  #onKey(event: KeyboardEvent): void {
    const { cursor, film } = this.#projector
    const places: Readonly<Record<string, number>> = {
      ArrowUp: cursor - 1,
      ArrowDown: cursor + 1,
      PageUp: cursor - 10,
      PageDown: cursor + 10,
      Home: 0,
      End: film?.end ?? 0,
      Enter: cursor,
    }
    const place = places[event.key]
    if (place === undefined) return
    event.preventDefault()
    this.#projector.seek(place)
  }
}

function more(count: number, where: string): HTMLElement[] {
  return count > 0 ? [element('li', { class: 'more', role: 'presentation' }, `${count} ${where} lines`)] : []
}
