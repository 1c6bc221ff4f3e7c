import type { Chart, ChartEdge, ChartState, Trigger } from './chart-model.ts'
import { labelOfEdge, linesOfState } from './edge-label.ts'

/**
 * The chart as a Mermaid `stateDiagram-v2`, as GitHub renders it. Three things that Mermaid cannot draw are drawn otherwise:
 * - an edge from a state into itself starts at each of its inner states that does not handle the event itself;
 * - an arrow inside a state joins that state's own children only, all others stand at the end, since Mermaid moves a
 *   state to wherever it is mentioned last;
 * - what leads nowhere is a line in its state, or in a note beside it if the state has inner ones.
 */
export function toMermaid(chart: Chart): string {
  const drawing = new Drawing(chart)
  return ['stateDiagram-v2', ...drawing.inside(chart.id), ...drawing.across(), ''].join('\n')
}

interface Arrow {
  readonly source: ChartState
  readonly target: ChartState
  readonly labels: string[]
}

class Drawing {
  readonly #chart: Chart
  readonly #states: ReadonlyMap<string, ChartState>
  readonly #arrows: readonly Arrow[]

  constructor(chart: Chart) {
    this.#chart = chart
    this.#states = new Map(chart.states.map((state) => [state.id, state]))
    this.#arrows = this.#collectArrows()
  }

  /** What stands between the braces of a state. */
  inside(id: string, indent = '  '): string[] {
    const state = this.#state(id)
    const children = this.#childrenOf(id)
    const parts = children.map((child) => this.#declare(child, indent))
    return [
      ...(this.#isEnteredByDefault(state) ? [`${indent}[*] --> ${this.#name(this.#initialOf(state))}`] : []),
      ...(state.type === 'parallel'
        ? parts.flatMap((part, at) => (at > 0 ? [`${indent}--`, ...part] : part))
        : parts.flat()),
      ...this.#arrows.filter((arrow) => scopeOf(arrow) === id).map((arrow) => indent + this.#draw(arrow)),
      ...children.filter(({ type }) => type === 'final').map((child) => `${indent}${this.#name(child)} --> [*]`),
    ]
  }

  /** The arrows that cross the border of a state. */
  across(): string[] {
    return this.#arrows.filter((arrow) => scopeOf(arrow) === undefined).map((arrow) => `  ${this.#draw(arrow)}`)
  }

  #declare(state: ChartState, indent: string): string[] {
    const name = this.#name(state)
    const isLeaf = this.#childrenOf(state.id).length === 0
    const lines = [...linesOfState(state), ...this.#edgesToNowhere(state).map(labelOfEdge)]
    const head = `${indent}state "${state.key}" as ${name}`
    if (isLeaf) return [head, ...lines.map((line) => `${indent}${name} : ${line}`)]
    const inner = this.inside(state.id, `${indent}  `)
    const note = [`${indent}note right of ${name}`, ...lines.map((line) => `${indent}  ${line}`), `${indent}end note`]
    return [`${head} {`, ...inner, `${indent}}`, ...(lines.length > 0 ? note : [])]
  }

  #draw({ source, target, labels }: Arrow): string {
    const text = labels.filter((label) => label !== '').join('<br/>')
    return `${this.#name(source)} --> ${this.#name(target)}${text === '' ? '' : ` : ${text}`}`
  }

  /** One arrow for all edges between the same two states. */
  #collectArrows(): Arrow[] {
    const arrows = new Map<string, Arrow>()
    for (const edge of this.#chart.edges) {
      for (const target of edge.targets.map((id) => this.#state(id))) {
        for (const source of this.#startsOf(this.#state(edge.source), target, edge.trigger)) {
          const key = `${source.id} ${target.id}`
          const arrow = arrows.get(key) ?? { source, target, labels: [] }
          arrow.labels.push(labelOfEdge(edge))
          arrows.set(key, arrow)
        }
      }
    }
    return [...arrows.values()]
  }

  #startsOf(source: ChartState, target: ChartState, trigger: Trigger): ChartState[] {
    if (!target.id.startsWith(`${source.id}.`)) return [source]
    return this.#childrenOf(source.id)
      .filter((child) => !this.#overrides(child, trigger))
      .flatMap((child) => this.#startsOf(child, target, trigger))
  }

  #overrides(state: ChartState, trigger: Trigger): boolean {
    const isSame = (edge: ChartEdge) => JSON.stringify(edge.trigger) === JSON.stringify(trigger)
    return this.#chart.edges.some((edge) => edge.source === state.id && edge.guard === undefined && isSame(edge))
  }

  #edgesToNowhere(state: ChartState): ChartEdge[] {
    return this.#chart.edges.filter((edge) => edge.source === state.id && edge.targets.length === 0)
  }

  /** Where every way in names an inner state, a dot for the first one would only mislead. */
  #isEnteredByDefault(state: ChartState): boolean {
    if (state.type !== 'compound') return false
    if (state.parent === undefined) return true
    const parent = this.#state(state.parent)
    const isTarget = this.#chart.edges.some((edge) => edge.targets.includes(state.id))
    const isFirst = parent.initial === state.id && this.#isEnteredByDefault(parent)
    return isTarget || isFirst || parent.type === 'parallel'
  }

  #initialOf(state: ChartState): ChartState {
    return this.#state(state.initial ?? state.id)
  }

  #childrenOf(id: string): ChartState[] {
    return this.#chart.states.filter(({ parent }) => parent === id)
  }

  #state(id: string): ChartState {
    const state = this.#states.get(id)
    if (!state) throw new Error(`expected a state of the chart ${this.#chart.id}, got ${id}`)
    return state
  }

  /** Mermaid's ids may hold neither dots nor hyphens. */
  #name({ id }: ChartState): string {
    return id.slice(this.#chart.id.length + 1).replaceAll(/[^A-Za-z0-9]/g, '_')
  }
}

/** The state that has both ends as children; absent if there is none. */
function scopeOf({ source, target }: Arrow): string | undefined {
  return source.parent === target.parent ? source.parent : undefined
}
