/**
 * Why a call is over: the closed list that records, APIs and agents see, each with the final state it leads to.
 * An ordinary ending is `ended`; a fault is `error`.
 */
export const REASONS = {
  'caller hung up': 'ended',
  'callee hung up': 'ended',
  'agent finished': 'ended',
  'hung up by API': 'ended',
  transferred: 'ended',
  'no answer': 'ended',
  busy: 'ended',
  canceled: 'ended',
  failed: 'ended',
  rejected: 'ended',
  silence: 'ended',
  idle: 'ended',
  'agent silent': 'ended',
  'not dialled': 'ended',
  'time limit': 'ended',
  draining: 'ended',
  'stream never came': 'error',
  'stream lost': 'error',
  'server died': 'error',
  'queue overflow': 'error',
  'agent failed': 'error',
  'carrier refused': 'error',
  'unsupported media': 'error',
  'internal error': 'error',
} as const satisfies Record<string, 'ended' | 'error'>

export type Reason = keyof typeof REASONS

export type Direction = 'inbound' | 'outbound'

/** The carrier's word for a leg that is over. */
export type LegOutcome = 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'

/** What a leg's end means for the call: who hung up depends on who was called. */
export function reasonForOutcome(outcome: LegOutcome, direction: Direction): Reason {
  if (outcome === 'completed') return direction === 'inbound' ? 'caller hung up' : 'callee hung up'
  return outcome === 'no-answer' ? 'no answer' : outcome
}
