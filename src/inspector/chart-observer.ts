import type { ActorRefLike, AnyActor, AnyActorRef, EventObject, InspectionEvent, Snapshot } from 'xstate'
import type { Fields, Happening, StateName } from '../recorder.ts'
import { edgeIdOf } from './chart-model.ts'
import { fieldsOf } from './event-fields.ts'

/** The far end of the line, and everything that is said of it. */
const CARRIER = 'carrier'
/** Whoever else tells the chart something: admission, the API, a drain. */
const NODE = 'node'
const CALL = 'call'
const OF_CARRIER = /^(?:leg|dial|stream)\./
const INIT = 'xstate.init'

export interface ChartObserverOptions {
  readonly note: (happening: Happening) => void
  /** What went wrong in here: the observer is taken off then. */
  readonly onFault: (error: unknown) => void
}

/**
 * Tells each step of a running chart, of the charts that it invokes, and which actors it starts and stops. It may be put
 * on at any time, and what it costs ends with it. An observer that threw would throw into whoever sends the chart an
 * event: this one does not. Returns the function that takes it off.
 */
export function observeChart(root: AnyActor, { note, onFault }: ChartObserverOptions): () => void {
  const observer = new ChartObserver(root, note)
  const subscription = root.system.inspect((inspected) => {
    try {
      observer.look(inspected)
    } catch (error) {
      subscription.unsubscribe()
      onFault(error)
    }
  })
  return () => subscription.unsubscribe()
}

class ChartObserver {
  readonly #root: AnyActor
  readonly #note: (happening: Happening) => void
  /** Who told each event, if an actor: it may wait in its reader's mailbox while others are told. */
  readonly #tellers = new WeakMap<EventObject, ActorRefLike | undefined>()
  readonly #states = new WeakMap<ActorRefLike, StateName>()
  /** What each child runs, by its id. */
  readonly #children = new Map<string, string>()

  constructor(root: AnyActor, note: (happening: Happening) => void) {
    this.#root = root
    this.#note = note
    for (const { id, src } of childrenOf(root.getSnapshot() as object)) this.#children.set(id, src)
  }

  look(inspected: InspectionEvent): void {
    const { actorRef } = inspected
    if (inspected.type === '@xstate.event') {
      const { sourceRef, event } = inspected
      this.#tellers.set(event, sourceRef)
      const state = this.#states.get(actorRef) ?? stateOf(snapshotOf(actorRef))
      this.#states.set(actorRef, state)
      // The first step was taken when the chart was made: where it stands as it is started is the beginning.
      if (event.type === INIT && actorRef === this.#root) {
        this.#note({ what: 'transition', event: INIT, from: NODE, edges: [], before: state, after: state })
      }
    } else if (inspected.type === '@xstate.microstep') {
      if (actorRef === this.#root) this.#noteStep(inspected)
      else if (isChildOf(actorRef, this.#root)) this.#noteStep(inspected, actorRef.id)
    }
  }

  #noteStep(inspected: Extract<InspectionEvent, { type: '@xstate.microstep' }>, actor?: string): void {
    const { actorRef, event, snapshot, _transitions: edges } = inspected
    const after = stateOf(snapshot)
    const before = this.#states.get(actorRef) ?? after
    this.#states.set(actorRef, after)
    // Every child is told to begin; only where that led somewhere is it worth a line.
    if (edges.length > 0 || event.type !== INIT) {
      const fields = fieldsOf(event)
      this.#note({
        what: 'transition',
        ...(actor === undefined ? {} : { actor }),
        event: event.type,
        from: this.#teller(event, actorRef, fields),
        ...(fields === undefined ? {} : { fields }),
        edges: edges.map(edgeIdOf),
        before,
        after,
      })
    }
    if (actor === undefined) this.#noteChildren(snapshot)
  }

  #noteChildren(snapshot: Snapshot<unknown>): void {
    const children = childrenOf(snapshot)
    for (const [id, src] of this.#children) {
      if (children.some((child) => child.id === id)) continue
      this.#children.delete(id)
      this.#note({ what: 'child', id, src, status: 'stopped' })
    }
    for (const { id, src } of children) {
      if (this.#children.has(id)) continue
      this.#children.set(id, src)
      this.#note({ what: 'child', id, src, status: 'started' })
    }
  }

  /** By name. A child's own children have none here: what they tell it counts as its own. */
  #teller(event: EventObject, told: ActorRefLike, fields: Fields | undefined): string {
    const { type } = event
    const self = told === this.#root ? CALL : (told as AnyActorRef).id
    const [, child] = /^xstate\.(?:done|error)\.actor\.(.+)$/.exec(type) ?? []
    if (child !== undefined) return told === this.#root ? child : self
    const teller = this.#tellers.get(event)
    // What was never told to it, it has told itself.
    if (teller === told || !this.#tellers.has(event)) return self
    if (teller !== undefined && teller === this.#root) return CALL
    if (teller !== undefined && isChildOf(teller, this.#root)) return teller.id
    if (OF_CARRIER.test(type)) return CARRIER
    return fields?.['reason'] === 'agent finished' ? 'agent' : NODE
  }
}

/** The state of a chart; an actor of another kind has none. */
export function stateOf(snapshot: object): StateName {
  return 'value' in snapshot ? (snapshot.value as StateName) : ''
}

export interface Child {
  /** As invoked, e.g. `placeCall`. */
  readonly id: string
  /** What it runs, e.g. `carrier`. */
  readonly src: string
  readonly ref: AnyActorRef
}

export function childrenOf(snapshot: object): readonly Child[] {
  if (!('children' in snapshot)) return []
  const refs = Object.entries(snapshot.children as Readonly<Record<string, AnyActorRef>>)
  return refs.map(([id, ref]) => ({ id, src: typeof ref.src === 'string' ? ref.src : id, ref }))
}

function isChildOf(ref: ActorRefLike, root: AnyActor): ref is AnyActorRef {
  const { _parent: parent } = ref as AnyActorRef
  return parent === root
}

function snapshotOf(ref: ActorRefLike): object {
  return 'getSnapshot' in ref ? ((ref as AnyActorRef).getSnapshot() as object) : {}
}
