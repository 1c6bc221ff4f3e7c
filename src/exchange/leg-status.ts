import type { LegOutcome } from '../../machines/index.ts'
import type { CallStatus } from '../twilio/webhooks.ts'

const OVER = new Set<CallStatus>(['completed', 'busy', 'failed', 'no-answer', 'canceled'])

/** Whether the carrier's word for where a leg stands says that it is over. */
export const isOver = (status: CallStatus): status is LegOutcome => OVER.has(status)
