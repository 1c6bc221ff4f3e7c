import type { Chart, ChartEdge, ChartState, Trigger } from './chart-model.ts'

/** A chart's states by their place in it: what a drawing asks while it decides where each edge goes. */
export class ChartTree {
  readonly chart: Chart
  readonly #states: ReadonlyMap<string, ChartState>

  constructor(chart: Chart) {
    this.chart = chart
    this.#states = new Map(chart.states.map((state) => [state.id, state]))
  }

  state(id: string): ChartState {
    const state = this.#states.get(id)
    if (!state) throw new Error(`expected a state of the chart ${this.chart.id}, got ${id}`)
    return state
  }

  childrenOf(id: string): ChartState[] {
    return this.chart.states.filter(({ parent }) => parent === id)
  }

  /** The state itself, or the one around it that stands in the machine directly. */
  topOf(state: ChartState): ChartState {
    const isTop = state.parent === undefined || state.parent === this.chart.id
    return isTop ? state : this.topOf(this.state(state.parent))
  }

  /** Where every way in names an inner state, a dot for the first one would only mislead. */
  isEnteredByDefault(state: ChartState): boolean {
    if (state.type !== 'compound') return false
    if (state.parent === undefined) return true
    const parent = this.state(state.parent)
    const isTarget = this.chart.edges.some((edge) => edge.targets.includes(state.id))
    const isFirst = parent.initial === state.id && this.isEnteredByDefault(parent)
    return isTarget || isFirst || parent.type === 'parallel'
  }

  /** Whether the state handles what the trigger stands for in any case, so that no state around it does. */
  overrides(state: ChartState, trigger: Trigger): boolean {
    const isSame = (edge: ChartEdge) => JSON.stringify(edge.trigger) === JSON.stringify(trigger)
    return this.chart.edges.some((edge) => edge.source === state.id && edge.guard === undefined && isSame(edge))
  }
}

/** Both are ids of states; each state is within itself. */
export function isWithin(id: string, ancestor: string): boolean {
  return `${id}.`.startsWith(`${ancestor}.`)
}

export function isLeaf({ type }: ChartState): boolean {
  return type === 'atomic' || type === 'final'
}
