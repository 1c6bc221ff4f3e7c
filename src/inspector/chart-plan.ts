import type { DrawingOptions } from './chart-drawing.ts'
import type { Chart, ChartEdge, ChartState } from './chart-model.ts'
import { ChartTree, isLeaf, isWithin } from './chart-tree.ts'
import { linesOfState, wordsOfEdge } from './edge-label.ts'

/**
 * What a picture of a chart holds, before anything has a place: each edge is one line of text, either on an arrow or in
 * the state that it leaves.
 */
export interface ChartPlan {
  readonly boxes: readonly ChartBox[]
  readonly marks: readonly ChartMark[]
  readonly arrows: readonly ChartArrow[]
}

export interface ChartBox {
  readonly state: ChartState
  readonly isLeaf: boolean
  /** Of a leaf: what the state does on its own, then the edges that are written instead of drawn. */
  readonly lines: readonly ChartLine[]
}

/** Something inside a state that is no state. */
export interface ChartMark {
  readonly id: string
  /** The dot where the state begins; or what holds all over it, as lines and as arrows that begin here. */
  readonly kind: 'initial' | 'anywhere'
  readonly parent: ChartState
  readonly lines: readonly ChartLine[]
}

export interface ChartArrow {
  readonly id: string
  /** `gathered`: stands for all edges from within the one to within the other, which are lines in their states. */
  readonly kind: 'edges' | 'gathered' | 'initial'
  /** Ids of states or marks. */
  readonly from: string
  readonly to: string
  readonly lines: readonly ChartLine[]
}

export interface ChartLine {
  /** Absent where the line tells what a state does. */
  readonly edge: ChartEdge | undefined
  readonly words: readonly ChartWord[]
}

export interface ChartWord {
  readonly kind: 'activity' | 'trigger' | 'guard' | 'actions' | 'target'
  readonly text: string
}

export function createPlan(chart: Chart, options: DrawingOptions = {}): ChartPlan {
  return new Planning(chart, options).plan()
}

/** The line as it reads. */
export function textOf({ words }: ChartLine): string {
  return words.map(({ text }) => text).join(' ')
}

class Planning {
  readonly #tree: ChartTree
  readonly #options: DrawingOptions
  readonly #lines = new Map<string, ChartLine[]>()
  readonly #arrows = new Map<string, ChartArrow & { readonly lines: ChartLine[] }>()
  readonly #marks = new Map<string, ChartMark>()

  constructor(chart: Chart, options: DrawingOptions) {
    this.#tree = new ChartTree(chart)
    this.#options = options
    for (const state of chart.states) this.#open(state)
    for (const edge of chart.edges) this.#place(edge)
  }

  plan(): ChartPlan {
    const boxes = this.#tree.chart.states.map((state) => ({
      state,
      isLeaf: isLeaf(state),
      lines: isLeaf(state) ? this.#linesIn(state.id) : [],
    }))
    for (const { state } of boxes.filter((box) => !box.isLeaf && this.#linesIn(box.state.id).length > 0)) {
      this.#mark('anywhere', state)
    }
    return { boxes, marks: [...this.#marks.values()], arrows: [...this.#arrows.values()] }
  }

  #open(state: ChartState): void {
    const lines = linesOfState(state).map((text) => ({ edge: undefined, words: [{ kind: 'activity', text } as const] }))
    this.#lines.set(state.id, lines)
    if (state.initial === undefined || !this.#tree.isEnteredByDefault(state)) return
    this.#connect('initial', this.#mark('initial', state), state.initial)
  }

  #place(edge: ChartEdge): void {
    const source = this.#tree.state(edge.source)
    const [first, ...more] = edge.targets.map((id) => this.#tree.state(id))
    if (!first) this.#linesIn(source.id).push(this.#line(edge))
    else if (this.#isGathered(edge, first)) this.#gather(edge, source, first)
    else this.#connect('edges', this.#startOf(source, first), first.id, this.#line(edge))
    // The edge is told once, on its first arrow.
    for (const target of more) this.#connect('edges', this.#startOf(source, target), target.id)
  }

  #isGathered({ source }: ChartEdge, target: ChartState): boolean {
    const { gather } = this.#options
    return gather !== undefined && isWithin(target.id, gather) && !isWithin(source, gather)
  }

  #gather(edge: ChartEdge, source: ChartState, target: ChartState): void {
    this.#linesIn(source.id).push(this.#line(edge, `→ ${target.key}`))
    this.#connect('gathered', this.#tree.topOf(source).id, this.#tree.topOf(target).id)
  }

  /** An edge into its own state holds wherever in the state the call is. */
  #startOf(source: ChartState, target: ChartState): string {
    const isInward = source.id !== target.id && isWithin(target.id, source.id)
    return isInward ? this.#mark('anywhere', source) : source.id
  }

  #mark(kind: ChartMark['kind'], parent: ChartState): string {
    const id = `${parent.id}.#${kind}`
    this.#marks.set(id, { id, kind, parent, lines: kind === 'anywhere' ? this.#linesIn(parent.id) : [] })
    return id
  }

  /** One arrow stands for all edges between the same two. */
  #connect(kind: ChartArrow['kind'], from: string, to: string, line?: ChartLine): void {
    const id = `${from} ${to} ${kind}`
    const arrow = this.#arrows.get(id) ?? { id, kind, from, to, lines: [] }
    if (line) arrow.lines.push(line)
    this.#arrows.set(id, arrow)
  }

  #line(edge: ChartEdge, target = ''): ChartLine {
    const { trigger, guard, actions } = wordsOfEdge(edge, this.#options.omit)
    const words: ChartWord[] = [
      { kind: 'trigger', text: trigger },
      { kind: 'guard', text: guard },
      { kind: 'actions', text: actions },
      { kind: 'target', text: target },
    ]
    return { edge, words: words.filter(({ text }) => text !== '') }
  }

  #linesIn(id: string): ChartLine[] {
    return this.#lines.get(id) ?? []
  }
}
