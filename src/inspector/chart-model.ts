import { type AnyStateMachine, type AnyStateNode, type AnyTransitionDefinition, initialTransition } from 'xstate'

/**
 * A statechart as plain data, in document order: what diagrams are drawn from and what a live view lights up.
 * It is read from `machine.root`, since XState's own graph of a machine has no eventless edges.
 */
export interface Chart {
  readonly id: string
  readonly states: readonly ChartState[]
  readonly edges: readonly ChartEdge[]
}

export interface ChartState {
  /** Its path from the machine, e.g. `call.active.stream`. */
  readonly id: string
  readonly key: string
  /** Absent for the machine itself. */
  readonly parent: string | undefined
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  /** The state that is entered first; absent unless compound. */
  readonly initial: string | undefined
  /** What is done on entering and on leaving. */
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  /** Actors that live as long as the state does. */
  readonly invokes: readonly { readonly id: string; readonly src: string }[]
}

/** What an edge waits for: something told, a time, a child that returned or failed, a finished part, or nothing. */
export type Trigger =
  | { readonly kind: 'event'; readonly type: string }
  | { readonly kind: 'after'; readonly delay: string; readonly ms: number | undefined }
  | { readonly kind: 'done' | 'error'; readonly actor: string }
  | { readonly kind: 'finished' }
  | { readonly kind: 'always' }

export interface ChartEdge {
  /** The same for the same edge of every copy of the machine; see {@link edgeIdOf}. */
  readonly id: string
  readonly source: string
  /** Empty: the edge leads nowhere. Without actions either, the event is ignored here on purpose. */
  readonly targets: readonly string[]
  readonly trigger: Trigger
  readonly guard: string | undefined
  readonly actions: readonly string[]
}

/** `input`: makes delays that are computed known in milliseconds; without it only constant ones are. */
export function createChart(machine: AnyStateMachine, input?: object): Chart {
  const context = input && initialTransition(machine, input)[0].context
  const nodes = withDescendants(machine.root)
  return {
    id: machine.id,
    states: nodes.map(toState),
    edges: nodes.flatMap((node) => edgesOf(node).map((edge) => toEdge(edge, context))),
  }
}

/** The id in the {@link Chart} of an edge that a running machine took, e.g. of an inspected microstep. */
export function edgeIdOf(edge: AnyTransitionDefinition): string {
  const { source, eventType } = edge
  const alternatives = (eventType === '' ? source.always : source.transitions.get(eventType)) ?? []
  return `${source.id}/${eventType || 'always'}/${alternatives.indexOf(edge)}`
}

function withDescendants(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(withDescendants)]
}

function edgesOf(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...(node.always ?? []), ...[...node.transitions.values()].flat()]
}

function toState(node: AnyStateNode): ChartState {
  return {
    id: node.id,
    key: node.key,
    parent: node.parent?.id,
    type: node.type,
    initial: node.type === 'compound' ? node.initial.target[0]?.id : undefined,
    entry: labelsOf(node.entry),
    exit: labelsOf(node.exit),
    invokes: node.invoke.map(({ id, src }) => ({ id, src: typeof src === 'string' ? src : 'inline' })),
  }
}

function toEdge(edge: AnyTransitionDefinition, context: object | undefined): ChartEdge {
  return {
    id: edgeIdOf(edge),
    source: edge.source.id,
    targets: edge.target?.map(({ id }) => id) ?? [],
    trigger: toTrigger(edge, context),
    guard: edge.guard === undefined ? undefined : labelOf(edge.guard),
    actions: labelsOf(edge.actions),
  }
}

function toTrigger({ source, eventType }: AnyTransitionDefinition, context: object | undefined): Trigger {
  if (eventType === '') return { kind: 'always' }
  const timer = source.after.find((after) => after.eventType === eventType)
  if (timer) return { kind: 'after', delay: String(timer.delay), ms: msOf(source, timer.delay, context) }
  const [, kind, actor] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(eventType) ?? []
  if (actor !== undefined) return { kind: kind === 'done' ? 'done' : 'error', actor }
  if (eventType.startsWith('xstate.done.state.')) return { kind: 'finished' }
  return { kind: 'event', type: eventType }
}

function msOf(node: AnyStateNode, delay: unknown, context: object | undefined): number | undefined {
  const known: Record<string, unknown> = node.machine.implementations.delays
  const value = typeof delay === 'string' ? known[delay] : delay
  if (typeof value === 'number') return value
  const computed: unknown = typeof value === 'function' && context ? value({ context }) : undefined
  return typeof computed === 'number' ? computed : undefined
}

type Named = string | { readonly type: string; readonly params?: unknown } | ((...args: never[]) => unknown)

/** XState keeps its timers among the entry and exit actions: they are shown as the edges they drive. */
function labelsOf(actions: readonly Named[]): string[] {
  return actions.map(labelOf).filter((label) => !label.startsWith('xstate.'))
}

/** E.g. `noteReason(busy)`. Parameters that are computed from the event are left out. */
function labelOf(named: Named): string {
  if (typeof named === 'string') return named
  if (typeof named === 'function') return 'type' in named ? String(named.type) : named.name || 'inline'
  const { params } = named
  const values = typeof params === 'object' && params !== null ? Object.values(params) : []
  return values.length > 0 ? `${named.type}(${values.join(', ')})` : named.type
}
