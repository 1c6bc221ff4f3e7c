import type { Subscription } from 'xstate'
import { toCallView } from '../call-view.ts'
import type { FollowedCall, ProgressDesk, ProgressListener } from '../http/progress-desk.ts'
import type { CallTape, Happening, StateName } from '../recorder.ts'
import type { CallRecord } from '../records.ts'
import type { Exchange } from './exchange.ts'
import type { LiveCall } from './live-call.ts'

export interface ProgressDeskOptions {
  readonly exchange: Pick<Exchange, 'find' | 'records'>
  /** What a listener threw, which then is told no more. */
  readonly onFault: (error: unknown) => void
}

/** What happens in this node's calls, told to those who follow one. */
export class ExchangeProgressDesk implements ProgressDesk {
  readonly #options: ProgressDeskOptions

  constructor(options: ProgressDeskOptions) {
    this.#options = options
  }

  async find(key: string): Promise<FollowedCall | undefined> {
    const { exchange, onFault } = this.#options
    const live = exchange.find(key)
    if (live !== undefined) return { follow: (listener) => new CallProgress(live, listener, onFault).follow() }
    const record = exchange.records.find(key) ?? (await exchange.records.read(key))
    // A row that is not closed and not ours is another process's, or of one that died: nothing can be told of its call.
    if (record?.endedAt === undefined) return undefined
    return { follow: (listener) => tellEnd(listener, record) }
  }
}

function tellEnd(listener: ProgressListener, record: CallRecord): () => void {
  listener({ type: 'end', call: toCallView(record) })
  return () => {}
}

/**
 * One live call, as one listener is told of it. Edges are told while the chart takes them, the state when it has arrived,
 * which is when the reason for it is known, too.
 */
class CallProgress implements CallTape {
  readonly #call: LiveCall
  readonly #listener: ProgressListener
  readonly #onFault: (error: unknown) => void
  #path = ''
  #leaveStory: (() => void) | undefined
  #subscription: Subscription | undefined
  #isOver = false

  constructor(call: LiveCall, listener: ProgressListener, onFault: (error: unknown) => void) {
    this.#call = call
    this.#listener = listener
    this.#onFault = onFault
  }

  follow(): () => void {
    const { ending, story, actor } = this.#call
    // It may have come to its end since it was found.
    if (ending !== undefined) return tellEnd(this.#listener, this.#call.record())
    this.#tellState()
    this.#leaveStory = story.listen({ tape: this, wantsMedia: false })
    // An observer that throws, or a chart that dies before one that does not listen for it, would end the process.
    this.#subscription = actor.subscribe({ next: () => this.#guard(() => this.#tellState()), error: () => {} })
    return () => this.close()
  }

  note(at: number, happening: Happening): void {
    this.#guard(() => {
      if (happening.what === 'end') this.#listener({ type: 'end', call: toCallView(this.#call.record()) })
      if (happening.what === 'transition') this.#tellEdge(at, happening)
    })
  }

  close(): void {
    this.#isOver = true
    this.#subscription?.unsubscribe()
    this.#leaveStory?.()
  }

  #tellState(): void {
    const { actor, state, story } = this.#call
    const { value, context } = actor.getSnapshot()
    const path = pathOf(value)
    if (path === this.#path) return
    this.#path = path
    this.#listener({ type: 'state', state, path, reason: context.reason ?? null, at: this.#timeOf(story.at) })
  }

  #tellEdge(at: number, { actor, event, from, fields, edges = [], before, after }: TransitionHappening): void {
    if (edges.length === 0) return
    this.#listener({
      type: 'edge',
      actor: actor ?? null,
      event,
      from: from ?? null,
      fields: fields ?? {},
      edges,
      before,
      after,
      at: this.#timeOf(at),
    })
  }

  /** @param at milliseconds since the call was admitted. */
  #timeOf(at: number): string {
    return new Date(this.#call.session.facts.startedAt + at).toISOString()
  }

  #guard(act: () => void): void {
    if (this.#isOver) return
    try {
      act()
    } catch (error) {
      this.close()
      this.#onFault(error)
    }
  }
}

type TransitionHappening = Extract<Happening, { what: 'transition' }>

/** `connecting.ringing`, or `active.floor.idle active.stream.flowing`: the innermost states. */
export function pathOf(state: StateName): string {
  return leavesOf(state).join(' ')
}

function leavesOf(state: StateName): string[] {
  if (typeof state === 'string') return [state]
  const regions = Object.entries(state)
  if (regions.length === 0) return ['']
  return regions.flatMap(([name, inner = '']) =>
    leavesOf(inner).map((path) => (path === '' ? name : `${name}.${path}`)),
  )
}
