import { type AnyActor, createActor, waitFor } from 'xstate'
import { switchboardMachine, type SwitchboardEvent, type SwitchboardInput } from '../../machines/index.ts'
import type { Clock } from '../clock.ts'
import { AdmissionError } from '../errors.ts'
import { WELL_MS } from '../loop-monitor.ts'

export interface NodeStateOptions extends SwitchboardInput {
  readonly clock: Clock
  /** Hangs up every live call, with the reason `draining`. */
  readonly hangUpAll: () => void
}

/** The switchboard's chart at work: may a call come in, and is the node done? */
export class NodeState {
  readonly #actor
  readonly #maxCalls: number

  constructor({ clock, hangUpAll, ...input }: NodeStateOptions) {
    this.#maxCalls = input.maxCalls
    // Hanging up starts actors, which an action must not do: it only asks for it.
    const actions = { hangUpAll: () => queueMicrotask(hangUpAll) }
    this.#actor = createActor(switchboardMachine.provide({ actions }), {
      id: 'switchboard',
      clock,
      input,
    })
    this.#actor.start()
  }

  /** The chart, to be looked at. */
  get actor(): AnyActor {
    return this.#actor
  }

  get live(): number {
    return this.#actor.getSnapshot().context.live
  }

  get maxCalls(): number {
    return this.#maxCalls
  }

  get readiness(): 'ready' | 'full' | 'overloaded' | 'draining' {
    const snapshot = this.#actor.getSnapshot()
    if (snapshot.matches({ accepting: 'open' })) return 'ready'
    if (snapshot.matches({ accepting: 'strained' })) return 'overloaded'
    return snapshot.matches({ accepting: 'full' }) ? 'full' : 'draining'
  }

  /**
   * Throws {@link AdmissionError} `NODE_FULL`, `NODE_OVERLOADED` or `NODE_DRAINING` unless one more call may come in. One
   * that was under way already is only turned away by a node that is draining.
   */
  requireRoom(call: 'new' | 'adopted' = 'new'): void {
    const { readiness } = this
    if (call === 'adopted' && readiness !== 'draining') return
    if (readiness === 'overloaded') {
      throw new AdmissionError('NODE_OVERLOADED', 'expected a node that keeps up, got one whose event loop is late', {
        retryAfterMs: WELL_MS,
      })
    }
    if (readiness === 'full') {
      throw new AdmissionError('NODE_FULL', `expected at most ${this.#maxCalls} calls at once, got one more`)
    }
    if (readiness === 'draining') {
      throw new AdmissionError('NODE_DRAINING', 'expected a node that takes calls, got one that is draining')
    }
  }

  noteAdmitted(): void {
    this.#actor.send({ type: 'call.admitted' })
  }

  noteReleased(): void {
    this.#actor.send({ type: 'call.released' })
  }

  noteStrained(): void {
    this.#tell({ type: 'loop.strained' })
  }

  noteRecovered(): void {
    this.#tell({ type: 'loop.recovered' })
  }

  drain(): void {
    this.#tell({ type: 'node.drain' })
  }

  stop(): void {
    this.#tell({ type: 'node.stop' })
  }

  /** To be told to stop twice is ordinary; a chart that is done hears nothing more. */
  #tell(event: SwitchboardEvent): void {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send(event)
  }

  /** Resolves when the last call has gone, or the drain has run out of time. */
  async stopped(): Promise<void> {
    // The chart's own timeouts bound this wait.
    await waitFor(this.#actor, (snapshot) => snapshot.status === 'done', { timeout: Number.POSITIVE_INFINITY })
  }
}
