import type { DrawingOptions } from './chart-drawing.ts'
import type { Chart, ChartEdge, ChartState, Trigger } from './chart-model.ts'
import { ChartTree, isLeaf, isWithin } from './chart-tree.ts'
import { labelOfEdge, linesOfState } from './edge-label.ts'

/**
 * The chart as a Mermaid `stateDiagram-v2`, as GitHub renders it. What Mermaid cannot draw is drawn otherwise:
 * - an edge from a state into itself starts at each of its inner states that does not handle the event itself;
 * - an arrow between the children of one state stands inside it, all others at the end, since Mermaid moves a state to
 *   wherever it is mentioned last;
 * - what leads nowhere is a line in its state. A state with inner ones has a box for its lines, a parallel one a note.
 */
export function toMermaid(chart: Chart, options: DrawingOptions = {}): string {
  const drawing = new Drawing(chart, options)
  return ['stateDiagram-v2', ...drawing.inside(chart.id), ...drawing.across(), ''].join('\n')
}

interface Arrow {
  readonly source: ChartState
  readonly target: ChartState
  readonly labels: string[]
}

class Drawing {
  readonly #tree: ChartTree
  readonly #options: DrawingOptions
  readonly #arrows = new Map<string, Arrow>()
  /** What is written in a state instead of drawn, by the state's id. */
  readonly #lines = new Map<string, string[]>()

  constructor(chart: Chart, options: DrawingOptions) {
    this.#tree = new ChartTree(chart)
    this.#options = options
    for (const state of chart.states) this.#lines.set(state.id, linesOfState(state))
    for (const edge of chart.edges) this.#place(edge)
  }

  /** What stands between the braces of a state. */
  inside(id: string, indent = '  '): string[] {
    const state = this.#tree.state(id)
    const children = this.#tree.childrenOf(id)
    const parts = children.map((child) => this.#declare(child, indent))
    const isParallel = state.type === 'parallel'
    return [
      ...(this.#tree.isEnteredByDefault(state) ? [`${indent}[*] --> ${this.#name(state.initial ?? id)}`] : []),
      ...(isParallel ? [] : this.#box(state, indent)),
      ...parts.flatMap((part, at) => (isParallel && at > 0 ? [`${indent}--`, ...part] : part)),
      ...this.#arrowsIn(id).map((arrow) => indent + arrow),
      ...children.filter(({ type }) => type === 'final').map((child) => `${indent}${this.#name(child.id)} --> [*]`),
    ]
  }

  /** The arrows that cross the border of a state. */
  across(): string[] {
    return this.#arrowsIn(undefined).map((arrow) => `  ${arrow}`)
  }

  #declare(state: ChartState, indent: string): string[] {
    const name = this.#name(state.id)
    const head = `${indent}state "${state.key}" as ${name}`
    if (isLeaf(state)) return [head, ...this.#linesIn(state).map((line) => `${indent}${name} : ${line}`)]
    const note = state.type === 'parallel' ? this.#note(state, indent) : []
    return [`${head} {`, ...this.inside(state.id, `${indent}  `), `${indent}}`, ...note]
  }

  #box(state: ChartState, indent: string): string[] {
    const lines = this.#linesIn(state)
    const name = `${this.#name(state.id)}_anywhere`
    if (lines.length === 0) return []
    return [
      `${indent}state "anywhere in ${state.key}" as ${name}`,
      ...lines.map((line) => `${indent}${name} : ${line}`),
    ]
  }

  #note(state: ChartState, indent: string): string[] {
    const lines = this.#linesIn(state)
    if (lines.length === 0) return []
    return [
      `${indent}note right of ${this.#name(state.id)}`,
      `${indent}  anywhere in ${state.key}`,
      // A note breaks its lines where it likes.
      ...lines.map((line) => `${indent}  • ${line}`),
      `${indent}end note`,
    ]
  }

  #arrowsIn(scope: string | undefined): string[] {
    return [...this.#arrows.values()]
      .filter(({ source, target }) => (source.parent === target.parent ? source.parent : undefined) === scope)
      .map(({ source, target, labels }) => {
        const text = labels.filter((label) => label !== '').join('<br/>')
        return `${this.#name(source.id)} --> ${this.#name(target.id)}${text === '' ? '' : ` : ${text}`}`
      })
  }

  #place(edge: ChartEdge): void {
    const source = this.#tree.state(edge.source)
    const label = labelOfEdge(edge, this.#options.omit)
    if (edge.targets.length === 0) this.#linesIn(source).push(label)
    for (const target of edge.targets.map((id) => this.#tree.state(id))) {
      const { gather } = this.#options
      if (gather !== undefined && isWithin(target.id, gather) && !isWithin(source.id, gather)) {
        this.#linesIn(source).push(`${label} → ${target.key}`)
        this.#connect(this.#tree.topOf(source), this.#tree.state(gather))
      } else {
        for (const start of this.#startsOf(source, target, edge.trigger)) this.#connect(start, target, label)
      }
    }
  }

  /** One arrow stands for all edges between the same two states. */
  #connect(source: ChartState, target: ChartState, label?: string): void {
    const key = `${source.id} ${target.id}`
    const arrow = this.#arrows.get(key) ?? { source, target, labels: [] }
    if (label !== undefined) arrow.labels.push(label)
    this.#arrows.set(key, arrow)
  }

  #startsOf(source: ChartState, target: ChartState, trigger: Trigger): ChartState[] {
    if (source.id === target.id || !isWithin(target.id, source.id)) return [source]
    return this.#tree
      .childrenOf(source.id)
      .filter((child) => !this.#tree.overrides(child, trigger))
      .flatMap((child) => this.#startsOf(child, target, trigger))
  }

  #linesIn({ id }: ChartState): string[] {
    return this.#lines.get(id) ?? []
  }

  /** Mermaid's ids may hold neither dots nor hyphens. */
  #name(id: string): string {
    return id.slice(this.#tree.chart.id.length + 1).replaceAll(/[^A-Za-z0-9]/g, '_')
  }
}
