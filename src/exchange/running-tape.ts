import type { CallEnding } from '../agents/agent.ts'
import type { Clock } from '../clock.ts'
import type { CallTape, Happening, Happenings, ReceivedMessage, SentMessage, StateName } from '../recorder.ts'
import type { CallActor } from './live-call.ts'

/** One media stream of a call that is being recorded. */
export interface StreamTape {
  received(message: ReceivedMessage): void
  sent(message: SentMessage): void
  lost(cause: string): void
  malformed(): void
}

/** A call being recorded. A recorder that fails is told of once and not asked again: the call never notices. */
export class RunningTape implements Happenings {
  readonly #clock: Clock
  readonly #onFault: (error: unknown) => void
  readonly #beganAt: number
  #tape: CallTape | undefined
  #streams = 0

  constructor(tape: CallTape, clock: Clock, onFault: (error: unknown) => void) {
    this.#tape = tape
    this.#clock = clock
    this.#onFault = onFault
    this.#beganAt = clock.now()
  }

  note(happening: Happening): void {
    this.#guard((tape) => tape.note(this.#clock.now() - this.#beganAt, happening))
  }

  /** Notes each edge that the chart takes. An observer that threw would throw into whoever sends the chart an event. */
  follow(actor: CallActor): void {
    let before: StateName = 'idle'
    actor.system.inspect((inspected) => {
      if (inspected.type !== '@xstate.microstep' || inspected.actorRef !== actor) return
      this.#guard(() => {
        const after = valueOf(inspected.snapshot)
        const { _transitions: edges } = inspected
        if (edges.length > 0) {
          this.note({ what: 'transition', event: inspected.event.type, before, after })
        }
        before = after
      })
    })
  }

  nextStream(streamSid: string): StreamTape {
    this.#streams += 1
    const stream = this.#streams
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
    this.#guard((tape) => tape.close())
    this.#tape = undefined
  }

  #guard(act: (tape: CallTape) => void): void {
    const tape = this.#tape
    if (tape === undefined) return
    try {
      act(tape)
    } catch (error) {
      this.#tape = undefined
      this.#onFault(error)
    }
  }
}

/** The observer is given snapshots of actors of every kind; a chart's has a value. */
function valueOf(snapshot: object): StateName {
  return 'value' in snapshot ? (snapshot.value as StateName) : ''
}
