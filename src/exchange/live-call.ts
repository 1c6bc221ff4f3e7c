import type { Actor } from 'xstate'
import type { CallEvent } from '../../machines/index.ts'
import type { provideCallMachine } from '../actors/call-actors.ts'
import type { CallSession } from '../actors/call-session.ts'
import type { CallEnding } from '../agents/agent.ts'
import type { CallRecord } from '../records.ts'
import type { CallStory } from './call-story.ts'

export type CallMachine = ReturnType<typeof provideCallMachine>
export type CallActor = Actor<CallMachine>

const BEFORE_VERDICT = new Set(['idle', 'dialing'])

/** One call of this node: its chart, and the session that outlives the chart. */
export class LiveCall {
  readonly session: CallSession
  readonly actor: CallActor
  readonly story: CallStory
  readonly #epochNow: () => number
  #ending: CallEnding | undefined
  #endedAt: number | undefined

  constructor(session: CallSession, actor: CallActor, story: CallStory, epochNow: () => number) {
    this.session = session
    this.story = story
    this.actor = actor
    this.#epochNow = epochNow
  }

  send(event: CallEvent): void {
    this.actor.send(event)
  }

  /** The name of the top-level state. */
  get state(): string {
    if (this.#ending !== undefined) return this.#ending.state
    const { value } = this.actor.getSnapshot()
    return typeof value === 'string' ? value : (Object.keys(value)[0] ?? 'error')
  }

  get isActive(): boolean {
    return this.state === 'active'
  }

  /** True while the carrier has not said what it makes of our request to dial. */
  get awaitsVerdict(): boolean {
    const { value } = this.actor.getSnapshot()
    const innermost = typeof value === 'string' ? value : Object.values(value)[0]
    const name = typeof innermost === 'string' ? innermost : Object.keys(innermost ?? {})[0]
    return this.#ending === undefined && BEFORE_VERDICT.has(name ?? '')
  }

  get ending(): CallEnding | undefined {
    return this.#ending
  }

  noteEnded(ending: CallEnding): void {
    this.#ending = ending
    this.#endedAt = this.#epochNow()
  }

  record(): CallRecord {
    const { context } = this.actor.getSnapshot()
    return {
      ...this.session.facts,
      callSid: this.session.facts.callSid ?? context.callSid,
      streamSid: context.streamSid,
      state: this.state,
      reason: this.#ending?.reason ?? context.reason,
      cause: this.#ending?.cause ?? context.cause,
      endedAt: this.#endedAt,
      stats: { ...this.session.plane.stats() },
    }
  }
}
