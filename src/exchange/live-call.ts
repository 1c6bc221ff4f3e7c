import type { Actor } from 'xstate'
import type { CallEvent } from '../../machines/index.ts'
import type { provideCallMachine } from '../actors/call-actors.ts'
import type { CallSession } from '../actors/call-session.ts'
import type { CallEnding } from '../agents/agent.ts'
import type { CallRecord } from '../records.ts'
import type { CallStory } from './call-story.ts'
import type { KeptAudio } from './kept-audio.ts'

export type CallMachine = ReturnType<typeof provideCallMachine>
export type CallActor = Actor<CallMachine>

const BEFORE_VERDICT = new Set(['idle', 'queued', 'dialing', 'doubtful'])

export interface LiveCallParts {
  readonly session: CallSession
  readonly actor: CallActor
  readonly story: CallStory
  readonly audio?: KeptAudio | undefined
}

/** One call of this node: its chart, and the session that outlives the chart. */
export class LiveCall {
  readonly session: CallSession
  readonly actor: CallActor
  readonly story: CallStory
  /** Undefined for a call whose audio is not kept. */
  readonly audio: KeptAudio | undefined
  #ending: CallEnding | undefined

  constructor({ session, actor, story, audio }: LiveCallParts) {
    this.session = session
    this.story = story
    this.actor = actor
    this.audio = audio
  }

  /** A chart that is over hears nothing more: its record may still be on its way to a disk. */
  send(event: CallEvent): void {
    if (this.actor.getSnapshot().status === 'active') this.actor.send(event)
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
    return this.#ending === undefined && BEFORE_VERDICT.has(this.stage)
  }

  /** True while nobody knows whether the carrier has heard our request to dial. */
  get isInDoubt(): boolean {
    return this.#ending === undefined && this.stage === 'doubtful'
  }

  /** The state within the top-level one, or that itself. */
  get stage(): string {
    const { value } = this.actor.getSnapshot()
    const inner = typeof value === 'string' ? value : Object.values(value)[0]
    return typeof inner === 'string' ? inner : (Object.keys(inner ?? {})[0] ?? '')
  }

  get ending(): CallEnding | undefined {
    return this.#ending
  }

  noteEnded(ending: CallEnding): void {
    this.#ending = ending
  }

  record(): CallRecord {
    const { context } = this.actor.getSnapshot()
    // What is named comes first: a literal that goes on after what it spreads is fifty times as dear.
    return {
      streamSid: context.streamSid,
      state: this.state,
      reason: this.#ending?.reason ?? context.reason,
      cause: this.#ending?.cause ?? context.cause,
      stats: { ...this.session.plane.stats() },
      ...this.session.account.told,
      ...this.session.facts,
      callSid: this.session.facts.callSid ?? context.callSid,
    }
  }
}
