import type { StateName } from '../../recorder.ts'
import type { Header, Line } from '../../recording/schema.ts'
import type { ChildView } from '../wire.ts'

/** Two hours of a lively call. Past it the older half is forgotten, and the film begins where the rest does. */
export const FILM_LIMIT = 20_000

type Child = { -readonly [Key in keyof ChildView]: ChildView[Key] }
export type TransitionLine = Extract<Line, { what: 'transition' }>

/** A call, or the node, as lines to step through. What is told of a line holds once that line has happened. */
export class Film {
  readonly watched: string
  /** Absent for the node. */
  readonly call: Header | undefined
  /** Name of the file that it was read from, if it was. */
  readonly file: string | undefined
  /** What each child runs, by its id. */
  readonly sources = new Map<string, string>()
  #lines: Line[] = []
  #isOver: boolean

  constructor(film: {
    readonly watched: string
    readonly call?: Header | undefined
    readonly lines: readonly Line[]
    readonly isOver: boolean
    readonly file?: string
  }) {
    this.watched = film.watched
    this.call = film.call
    this.#isOver = film.isOver
    this.file = film.file
    this.append(film.lines)
  }

  get lines(): readonly Line[] {
    return this.#lines
  }

  /** No more lines will come. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Index of the last line; -1 if there is none. */
  get end(): number {
    return this.#lines.length - 1
  }

  /** Media is left out. Returns by how much the index of earlier lines has fallen: 0, unless the film grew too long. */
  append(lines: readonly Line[]): number {
    for (const line of lines) {
      if (line.what === 'child') this.sources.set(line.id, line.src)
      if (line.what === 'end') this.#isOver = true
      if (!isMedia(line)) this.#lines.push(line)
    }
    return this.#lines.length > FILM_LIMIT ? this.#forget(this.#lines.length - FILM_LIMIT / 2) : 0
  }

  /** Undefined before a chart is known to stand anywhere. */
  stateAt(cursor: number): StateName | undefined {
    for (let index = Math.min(cursor, this.end); index >= 0; index -= 1) {
      const line = this.#lines[index]
      if (line?.what === 'joined' || line?.what === 'end') return line.state
      if (line && isOwn(line)) return line.after
    }
    return this.#lines.find(isOwn)?.before ?? (this.call && 'idle')
  }

  /** The latest step of the chart of `actor`; of the call's own without one. */
  stepAt(cursor: number, actor?: string): TransitionLine | undefined {
    const isStep = (line: Line): line is TransitionLine => line.what === 'transition' && line.actor === actor
    return this.#lines.slice(0, cursor + 1).findLast(isStep)
  }

  /** In the order in which they were last started; those that are over say how. */
  childrenAt(cursor: number): ChildView[] {
    const children = new Map<string, Child>()
    for (const line of this.#lines.slice(0, cursor + 1)) this.#follow(line, children)
    return [...children.values()]
  }

  #follow(line: Line, children: Map<string, Child>): void {
    if (line.what === 'child') {
      const { id, src } = line
      const child = children.get(id)
      if (line.status === 'stopped') {
        if (child?.status === 'active') child.status = 'stopped'
        return
      }
      children.delete(id)
      children.set(id, { id, src, status: 'active' })
    }
    if (line.what !== 'transition') return
    if (line.actor !== undefined) {
      const child = children.get(line.actor) ?? this.#assumed(line.actor)
      child.state = line.after
      children.set(line.actor, child)
      return
    }
    const [, verdict, actor = ''] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(line.event) ?? []
    const child = children.get(actor)
    if (child) child.status = verdict === 'done' ? 'done' : 'error'
  }

  /** Its beginning is not in the film. */
  #assumed(id: string): Child {
    return { id, src: this.sources.get(id) ?? 'carrier', status: 'active' }
  }

  #forget(count: number): number {
    const state = this.stateAt(count)
    const at = this.#lines[count]?.at ?? 0
    this.#lines = this.#lines.slice(count + 1)
    this.#lines.unshift({ at, what: 'joined', state: state ?? '' })
    return count
  }
}

/** The child that the picture of what it runs is about: the one that lives, else the latest. */
export function childRunning(src: string, children: readonly ChildView[]): ChildView | undefined {
  const alike = children.filter((child) => child.src === src)
  return alike.findLast(({ status }) => status === 'active') ?? alike.at(-1)
}

function isOwn(line: Line): line is TransitionLine {
  return line.what === 'transition' && line.actor === undefined
}

function isMedia(line: Line): boolean {
  return (line.what === 'received' || line.what === 'sent') && line.message.event === 'media'
}
