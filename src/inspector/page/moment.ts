import type { StateName } from '../../recorder.ts'
import type { ChildView, NodeView, PendingTimer, Pulse } from '../wire.ts'
import { wordsOfStep } from './event-words.ts'
import { childRunning } from './film.ts'
import type { Move, Projector } from './projector.ts'

/** Pictures that the server has. */
export type ChartName = 'call' | 'carrier-command' | 'transfer' | 'carrier-recording' | 'switchboard'

/** What a child runs whose chart it is. */
const SOURCES: Partial<Record<ChartName, string>> = {
  'carrier-command': 'carrier',
  transfer: 'transfer',
  'carrier-recording': 'recording',
}

/** What a chart is doing. */
export interface Doing {
  readonly state: StateName | undefined
  /** Where it was one step before, to tell what is new. */
  readonly before: StateName | undefined
}

/** An edge that was taken, and what is said of it. */
export interface Taken {
  readonly edges: readonly string[]
  readonly label: string
}

/** Past it a pulse says nothing about now: they come twice a second. */
const STALE_MS = 2_500

/** What is known of the moment that is shown: from the film, and while that is live from the latest pulse. */
export class Moment {
  readonly #projector: Projector
  #pulse: Pulse | undefined
  #pulseAt = 0
  /** The latest lines came after the latest pulse. */
  #isAhead = false
  #node: NodeView | undefined

  constructor(projector: Projector) {
    this.#projector = projector
  }

  notePulse(pulse: Pulse): void {
    this.#pulse = pulse
    this.#pulseAt = performance.now()
    this.#isAhead = false
  }

  noteNode(node: NodeView): void {
    this.#node = node
  }

  noteLines(): void {
    this.#isAhead = true
  }

  /** What was live is not known to be any more. */
  forgetPulse(): void {
    this.#pulse = undefined
  }

  /** Undefined unless what is shown is live, and the pulse of just now. */
  get pulse(): Pulse | undefined {
    const { film, isLive } = this.#projector
    const isFresh = performance.now() - this.#pulseAt < STALE_MS
    return isLive && isFresh && film?.isOver === false ? this.#pulse : undefined
  }

  /** A call that goes on, of which nothing is heard. */
  get isStale(): boolean {
    const { film, isLive } = this.#projector
    return isLive && film?.isOver === false && this.pulse === undefined
  }

  /** With what is left of each now. */
  get timers(): PendingTimer[] {
    const passedMs = performance.now() - this.#pulseAt
    const left = ({ leftMs }: PendingTimer) => Math.max(0, leftMs - passedMs)
    return (this.pulse?.timers ?? []).map((timer) => ({ ...timer, leftMs: left(timer) }))
  }

  get state(): StateName | undefined {
    const { film, cursor } = this.#projector
    const live = this.#isAhead ? undefined : this.pulse?.state
    return live ?? film?.stateAt(cursor) ?? (film && !film.call ? this.#node?.state : undefined)
  }

  get children(): readonly ChildView[] {
    const { film, cursor } = this.#projector
    const known = film?.childrenAt(cursor) ?? []
    const live = this.#isAhead ? undefined : this.pulse?.children
    if (!live) return known
    // A pulse is of those that live; the film also knows of those that did.
    return [...known.filter(({ id, status }) => status !== 'active' && !live.some((child) => child.id === id)), ...live]
  }

  /** Of one of the charts. */
  doing(chart: ChartName): Doing {
    const { film, cursor } = this.#projector
    if (SOURCES[chart] === undefined) return { state: this.state, before: film?.stepAt(cursor)?.before }
    const child = this.#childOf(chart)
    return { state: child?.state, before: child && film?.stepAt(cursor, child.id)?.before }
  }

  /** The edges of that chart that a move has taken. */
  taken(chart: ChartName, { passed }: Move): Taken[] {
    const actor = this.#childOf(chart)?.id
    if (actor === undefined && SOURCES[chart] !== undefined) return []
    return passed
      .filter((line) => line.what === 'transition')
      .filter((line) => line.actor === actor)
      .map((line) => ({ edges: line.edges ?? [], label: [line.from, wordsOfStep(line)].filter(Boolean).join(' ▸ ') }))
  }

  /** Undefined for a chart that is no child's, or one that has not been there. */
  #childOf(chart: ChartName): ChildView | undefined {
    const source = SOURCES[chart]
    return source === undefined ? undefined : childRunning(source, this.children)
  }
}
