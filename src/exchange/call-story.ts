import type { AnyActor } from 'xstate'
import type { CallEnding } from '../agents/agent.ts'
import type { Clock } from '../clock.ts'
import { observeChart } from '../inspector/chart-observer.ts'
import {
  type CallTape,
  type Happening,
  type Happenings,
  isOfSockets,
  type ReceivedMessage,
  type SentMessage,
} from '../recorder.ts'

/** One media stream of a call that somebody writes down. */
export interface StreamTape {
  received(message: ReceivedMessage): void
  sent(message: SentMessage): void
  lost(cause: string): void
  malformed(): void
}

export interface StoryOptions {
  readonly clock: Clock
  readonly actor: AnyActor
  /** What a listener threw, which then hears no more. */
  readonly onFault: (error: unknown) => void
}

/** Somebody to whom what happens in a call is told. */
export interface StoryListener {
  readonly tape: CallTape
  /** What goes over the call's sockets, too: fifty messages a second each way. */
  readonly wantsMedia: boolean
}

const NOBODY: readonly StoryListener[] = Object.freeze([])

/**
 * What happens in one call, told to whoever listens: a recorder, the inspector. While nobody does, nothing is looked at
 * and nothing is kept. A listener that fails is told of once and not asked again: the call never notices.
 */
export class CallStory implements Happenings {
  readonly #options: StoryOptions
  readonly #beganAt: number
  /** Replaced, never changed: a call to which nobody listens keeps no list of its own. */
  #listeners = NOBODY
  #stopObserving: (() => void) | undefined
  #streams = 0

  constructor(options: StoryOptions) {
    this.#options = options
    this.#beganAt = options.clock.now()
  }

  /** Milliseconds since the call was admitted. */
  get at(): number {
    return this.#options.clock.now() - this.#beganAt
  }

  /** Tells `listener` all that happens from now on, until the call ends or the returned function is called. */
  listen(listener: StoryListener): () => void {
    const { actor, onFault } = this.#options
    this.#listeners = this.#listeners.concat(listener)
    this.#stopObserving ??= observeChart(actor, { note: (happening) => this.note(happening), onFault })
    return () => this.#leave(listener)
  }

  note(happening: Happening): void {
    if (this.#listeners.length === 0) return
    const { at } = this
    const isMedia = isOfSockets(happening)
    for (const listener of this.#listeners) {
      if (listener.wantsMedia || !isMedia) this.#tell(listener, (tape) => tape.note(at, happening))
    }
  }

  /** Undefined when nobody wants to know what goes over the call's sockets. */
  nextStream(streamSid: string): StreamTape | undefined {
    this.#streams += 1
    const stream = this.#streams
    if (!this.#listeners.some(({ wantsMedia }) => wantsMedia)) return undefined
    this.note({ what: 'received', stream, message: { event: 'start', streamSid } })
    return {
      received: (message) => this.note({ what: 'received', stream, message }),
      sent: (message) => this.note({ what: 'sent', stream, message }),
      lost: (cause) => this.note({ what: 'lost', stream, cause }),
      malformed: () => this.note({ what: 'malformed', stream }),
    }
  }

  end({ state, reason, cause }: CallEnding, stats: object): void {
    this.note({ what: 'end', state, reason, cause, stats: { ...stats } })
    for (const listener of this.#listeners) {
      this.#tell(listener, (tape) => tape.close())
      this.#leave(listener)
    }
  }

  #tell(listener: StoryListener, act: (tape: CallTape) => void): void {
    // It may have left while another was being told.
    if (!this.#listeners.includes(listener)) return
    try {
      act(listener.tape)
    } catch (error) {
      this.#leave(listener)
      this.#options.onFault(error)
    }
  }

  #leave(listener: StoryListener): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener)
    if (this.#listeners.length > 0) return
    this.#stopObserving?.()
    this.#stopObserving = undefined
  }
}
