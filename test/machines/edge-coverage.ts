import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition, InspectionEvent, StateValue } from 'xstate'

/**
 * Which states and edges of a machine a suite of tests went through.
 *
 * Every edge counts: guarded alternatives, `always`, `after`, what invoked actors lead to, and forbidden events (`{}`).
 * Edges are told apart by name, not by identity, since `provide()` copies a machine.
 */
export class EdgeCoverage {
  readonly #machineId: string
  readonly #untaken = new Set<string>()
  readonly #unseen = new Set<string>()

  constructor(machine: AnyStateMachine) {
    this.#machineId = machine.id
    for (const node of nodesOf(machine)) {
      this.#unseen.add(node.id)
      for (const edge of edgesFrom(node)) this.#untaken.add(edgeName(edge))
    }
  }

  /** To be passed as `inspect`. */
  readonly observe = (event: InspectionEvent): void => {
    if (event.type !== '@xstate.microstep' && event.type !== '@xstate.snapshot') return
    if (isOfMachine(event.snapshot) && event.snapshot.machine.id === this.#machineId) {
      this.#see([this.#machineId], event.snapshot.value)
    }
    if (event.type === '@xstate.snapshot') return
    const { _transitions: taken } = event
    for (const edge of taken) this.#untaken.delete(edgeName(edge))
  }

  /** Empty once everything was gone through. */
  missing(): readonly string[] {
    return [...[...this.#unseen].map((state) => `state ${state}`), ...[...this.#untaken].map((edge) => `edge ${edge}`)]
  }

  #see(path: readonly string[], value: StateValue | undefined): void {
    this.#unseen.delete(path.join('.'))
    if (typeof value === 'string') return this.#see([...path, value], undefined)
    for (const [key, inner] of Object.entries(value ?? {})) this.#see([...path, key], inner)
  }
}

/** In document order. */
export function nodesOf(machine: AnyStateMachine): AnyStateNode[] {
  const walk = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(walk)]
  return walk(machine.root)
}

export function edgesFrom(node: AnyStateNode): AnyTransitionDefinition[] {
  return [...node.transitions.values()].flat().concat(node.always ?? [])
}

/** E.g. `call.idle -- call.connect (2 of 2) --> call.connecting.awaitingStream`. */
export function edgeName(edge: AnyTransitionDefinition): string {
  const alternatives =
    edge.eventType === '' ? (edge.source.always ?? []) : (edge.source.transitions.get(edge.eventType) ?? [])
  const targets = edge.target?.map((target) => target.id).join(', ') ?? 'nowhere'
  const rank = `${alternatives.indexOf(edge) + 1} of ${alternatives.length}`
  return `${edge.source.id} -- ${edge.eventType || 'always'} (${rank}) --> ${targets}`
}

interface MachineState {
  readonly machine: AnyStateMachine
  readonly value: StateValue
}

const isOfMachine = (snapshot: object): snapshot is MachineState => 'machine' in snapshot && 'value' in snapshot
