import type { Reason } from '../../machines/index.ts'
import type { CalleePlan } from '../simulator/callee.ts'
import type { Trouble } from './trouble.ts'

/**
 * What one call is to be: who calls whom, what the agent does, what goes wrong, and who ends it. All of it follows from
 * the seed, and nothing from how the calls before it went. Times are milliseconds since the stream was up.
 */
export interface CallPlan {
  /** `line/turn`, e.g. `3/17`. */
  readonly key: string
  readonly line: number
  readonly direction: 'inbound' | 'outbound'
  /** After the line's call before it. */
  readonly pauseMs: number
  readonly role: Role
  /** What the person at the far end does besides. */
  readonly manner: 'talks' | 'is quiet'
  readonly ending: Ending
  /** Whether the carrier tells how a call that came in has ended; of one that goes out it always does. */
  readonly isTold: boolean
  /** Of a call that goes out. */
  readonly dial: DialPlan
  readonly troubles: readonly Trouble[]
}

/** What the agent does. */
export type Role =
  | { readonly kind: 'echo' | 'prompt' | 'chatty' | 'silent' | 'deaf' | 'flooder' | 'odd' | 'dialler' }
  /** Asks for keys, which the person presses from `atMs` on. */
  | { readonly kind: 'menu'; readonly keys: string; readonly atMs: number; readonly spacingMs: number }
  /** Reads what is said, slower than it is said for `napMs` now and then. */
  | { readonly kind: 'listener'; readonly napMs: number }
  | { readonly kind: 'transferer'; readonly atMs: number; readonly number: string; readonly target: TargetPlan }
  | { readonly kind: 'holder'; readonly music: 'tune' | 'own' | 'broken'; readonly holds: readonly Span[] }
  | { readonly kind: 'recorder'; readonly deeds: readonly RecordingDeed[] }
  /** Does anything, in any order. */
  | { readonly kind: 'fidget'; readonly seed: number; readonly number: string }
  /** Leaves a message when a machine answers. */
  | { readonly kind: 'messenger' }

export type RoleKind = Role['kind']

export interface Span {
  readonly atMs: number
  readonly forMs: number
}

export interface RecordingDeed {
  readonly atMs: number
  readonly deed: 'start' | 'pause' | 'resume' | 'stop'
}

export interface TargetPlan {
  readonly outcome: 'answers' | 'busy' | 'no-answer' | 'failed'
  readonly answersAfterMs: number
  /** Who of those who have been joined hangs up, and when. */
  readonly hangsUp: 'person' | 'target'
  readonly talkMs: number
}

export type FailureKind = 'throws' | 'throws late' | 'listener throws' | 'source throws'

/** Who ends the call, and when. */
export type Ending =
  | { readonly by: 'person' | 'api'; readonly afterMs: number }
  | { readonly by: 'agent'; readonly afterMs: number; readonly how: 'returns' | 'hangs up' | 'hangs up now' }
  | { readonly by: 'failure'; readonly afterMs: number; readonly how: FailureKind }
  /** The agent has said all there is to say. */
  | { readonly by: 'message' }
  /** The two who were joined by a transfer. */
  | { readonly by: 'bridge' }
  /** A limit of the call's own, in seconds. */
  | { readonly by: 'time limit' | 'idle' | 'agent silence'; readonly seconds: number }
  /** Nobody is reached. */
  | { readonly by: 'callee'; readonly outcome: 'busy' | 'no-answer' | 'failed' | 'canceled' }

export interface DialPlan {
  readonly callee: CalleePlan
  readonly ringTimeoutSeconds: number
  /** What is said is written to a file. */
  readonly keepsAudio: boolean
  readonly machineDetection?: 'enable' | 'detectMessageEnd'
}

const OF_OUTCOME = { busy: 'busy', 'no-answer': 'no answer', failed: 'failed', canceled: 'canceled' } as const

/** How the call ends if nothing goes wrong. */
export function plannedReason(plan: CallPlan): Reason {
  const { ending } = plan
  if (ending.by === 'person') return handUp(plan)
  return ending.by === 'callee' ? OF_OUTCOME[ending.outcome] : OF_ENDING[ending.by]
}

const OF_ENDING = {
  api: 'hung up by API',
  agent: 'agent finished',
  message: 'agent finished',
  failure: 'agent failed',
  bridge: 'transferred',
  'time limit': 'time limit',
  idle: 'idle',
  'agent silence': 'agent silent',
} as const satisfies Record<Exclude<Ending['by'], 'person' | 'callee'>, Reason>

/** That the person at the far end hangs up. */
export function handUp({ direction }: Pick<CallPlan, 'direction'>): Reason {
  return direction === 'inbound' ? 'caller hung up' : 'callee hung up'
}

/** When the call is meant to end; undefined when nobody can know. */
export function plannedLengthMs({ ending }: CallPlan): number | undefined {
  if ('afterMs' in ending) return ending.afterMs
  return 'seconds' in ending ? ending.seconds * 1_000 : undefined
}
