import type { createInspector } from '@statelyai/inspect'
import type { AnyStateMachine } from 'xstate'
import { callMachine, carrierCommandMachine, carrierRecordingMachine, transferMachine } from '../../machines/index.ts'
import type { Fields, Happening, StateName, Transition } from '../recorder.ts'

export type CreateInspector = typeof createInspector
type Inspector = ReturnType<CreateInspector>
/** The package wants whole actors, and looks at these three fields. */
type ActorRef = Exclude<Parameters<Inspector['actor']>[0], string>

export interface StatelyCallOptions {
  readonly id: string
  readonly createInspector: CreateInspector
  /** Whether more may be sent just now; what happens while it may not is left out. */
  readonly hasRoom: () => boolean
  readonly send: (message: object) => void
}

/** An actor as the inspector sees it. */
interface ShownActor {
  readonly ref: ActorRef
  readonly chart: AnyStateMachine | undefined
  value: StateName | undefined
  status: 'active' | 'done' | 'error' | 'stopped'
  /** Has the inspector been told that there is one? */
  isKnown: boolean
}

/** Children that are charts themselves, by what they run. */
const CHARTS: Readonly<Record<string, AnyStateMachine>> = {
  carrier: carrierCommandMachine,
  transfer: transferMachine,
  recording: carrierRecordingMachine,
}

/**
 * What an event may say to somebody outside: words of closed lists, ids and amounts. What went wrong in words stays
 * here, since an agent's error may say anything.
 */
const FIELDS = new Set([
  'reason',
  'outcome',
  'answeredBy',
  'sid',
  'callSid',
  'streamSid',
  'code',
  'retryAfterMs',
  'ringMs',
  'isUrgent',
  'hasSuccessor',
  'mayHaveLeft',
])

/** The call's chart is nine levels deep, and each is two of its definition's. */
const DEFINITION_DEPTH = 32

/** One call in the words of `@statelyai/inspect`. Only its charts' steps are told: see {@link FIELDS}. */
export class StatelyCall {
  readonly #options: StatelyCallOptions
  readonly #inspector: Inspector
  readonly #root: ShownActor
  readonly #children = new Map<string, ShownActor>()

  constructor(options: StatelyCallOptions) {
    const { id, send } = options
    this.#options = options
    this.#inspector = options.createInspector(
      // The package calls each actor by its chart's name, and each step's call "anonymous".
      { send: (event) => send({ ...event, rootId: id, ...(event.type === '@xstate.actor' ? nameOf(event) : {}) }) },
      { serializationDepthLimit: DEFINITION_DEPTH },
    )
    this.#root = createShownActor({ sessionId: id, chart: callMachine })
    this.#introduce(this.#root)
  }

  note(happening: Happening): void {
    switch (happening.what) {
      case 'transition':
        return this.#noteStep(happening)
      case 'child':
        return happening.status === 'started' ? this.#noteStarted(happening) : this.#noteStopped(happening.id)
      case 'joined':
        return this.#noteState(happening.state)
      case 'end':
        return this.#noteEnd(happening.state, happening.reason)
      default:
    }
  }

  /** For an inspector that knows nothing yet; whom it has no room for is introduced when something happens to it. */
  introduceAgain(): void {
    const actors = [this.#root, ...this.#children.values()]
    for (const actor of actors) actor.isKnown = false
    for (const actor of actors) this.#introduce(actor)
  }

  #noteStep({ actor: child, event: type, from, fields, after }: Transition): void {
    const actor = child === undefined ? this.#root : this.#children.get(child)
    if (actor === undefined) return
    actor.value = after
    actor.status = isFinal(actor.chart, after) ? 'done' : 'active'
    if (!this.#introduce(actor)) return
    const event = { ...showable(fields), type }
    const source = from === 'call' ? this.#root : this.#children.get(from ?? '')
    this.#inspector.event(actor.ref, event, source === undefined ? {} : { source: source.ref })
    this.#inspector.snapshot(actor.ref, snapshotOf(actor), { event })
  }

  #noteStarted({ id, src }: { readonly id: string; readonly src: string }): void {
    const chart = CHARTS[src]
    const child = createShownActor({ sessionId: `${this.#options.id}/${id}`, parent: this.#root.ref, chart, name: id })
    this.#children.set(id, child)
    this.#introduce(child)
  }

  #noteStopped(id: string): void {
    const child = this.#children.get(id)
    if (child === undefined) return
    this.#children.delete(id)
    if (child.status === 'active') child.status = 'stopped'
    if (this.#introduce(child)) this.#inspector.snapshot(child.ref, snapshotOf(child))
  }

  #noteState(state: StateName): void {
    this.#root.value = state
    if (this.#introduce(this.#root)) this.#inspector.snapshot(this.#root.ref, snapshotOf(this.#root))
  }

  #noteEnd(state: string, reason: string): void {
    // A chart that died never reached the state in which its call is said to have ended.
    this.#root.status = this.#root.value === state ? 'done' : 'error'
    if (!this.#introduce(this.#root)) return
    this.#inspector.snapshot(this.#root.ref, { ...snapshotOf(this.#root), output: { state, reason } })
  }

  /** Makes sure that the inspector knows the actor; false when there is no room to tell it anything. */
  #introduce(actor: ShownActor): boolean {
    if (!this.#options.hasRoom()) return false
    if (actor.isKnown) return true
    if (actor !== this.#root) this.#introduce(this.#root)
    actor.isKnown = true
    this.#inspector.actor(actor.ref, snapshotOf(actor))
    return true
  }
}

interface ShownActorOptions {
  readonly sessionId: string
  readonly parent?: ActorRef
  readonly chart: AnyStateMachine | undefined
  /** Of an actor without a chart. */
  readonly name?: string
}

function createShownActor({ sessionId, parent, chart, name }: ShownActorOptions): ShownActor {
  const ref: unknown = { sessionId, _parent: parent, logic: { config: chart?.config ?? { id: name } } }
  const initial: unknown = chart?.config.initial
  return {
    ref: ref as ActorRef,
    chart,
    value: typeof initial === 'string' ? initial : undefined,
    status: 'active',
    isKnown: false,
  }
}

function snapshotOf({ status, value }: ShownActor) {
  return { status, ...(value === undefined ? {} : { value }) }
}

function isFinal(chart: AnyStateMachine | undefined, state: StateName): boolean {
  return typeof state === 'string' && chart?.states[state]?.type === 'final'
}

function showable(fields: Fields = {}): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => FIELDS.has(name)))
}

/** The call's id, or its child's within it. */
function nameOf({ sessionId }: { readonly sessionId: string }) {
  return { name: sessionId.slice(sessionId.indexOf('/') + 1) }
}
