import type { Reason } from '../../machines/index.ts'
import type { EndedBy } from '../records.ts'

const ENDED_BY: Readonly<Record<Reason, EndedBy>> = {
  'caller hung up': 'caller',
  'callee hung up': 'callee',
  'agent finished': 'agent',
  'hung up by API': 'api',
  transferred: 'agent',
  'no answer': 'carrier',
  busy: 'callee',
  canceled: 'carrier',
  failed: 'carrier',
  rejected: 'system',
  silence: 'system',
  idle: 'system',
  'agent silent': 'system',
  'not dialled': 'system',
  'time limit': 'system',
  draining: 'system',
  'stream never came': 'carrier',
  'stream lost': 'carrier',
  'server died': 'system',
  'queue overflow': 'system',
  'agent failed': 'agent',
  'carrier refused': 'carrier',
  'unsupported media': 'carrier',
  'internal error': 'system',
}

/** Whose doing an ending was. */
export function endedByOf(reason: string): EndedBy {
  return ENDED_BY[reason as Reason] ?? 'system'
}
