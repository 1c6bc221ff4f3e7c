/** The telephone exchange: what every call, stream and request of one simulated carrier shares. */

import type { Clock } from '../clock.ts'
import type { Activity } from './activity.ts'
import type { Reach } from './addresses.ts'
import type { Random } from './random.ts'
import type { Warning } from './warnings.ts'
import type { WebhookClient } from './webhook-client.ts'

export interface Exchange {
  readonly accountSid: string
  /** Undefined: upgrades and webhooks go unsigned. */
  readonly authToken: string | undefined
  readonly clock: Clock
  readonly activity: Activity
  readonly random: Random
  readonly reach: Reach
  readonly webhooks: WebhookClient
  /** The longest a server may take over a webhook or a media socket's handshake, in milliseconds. */
  readonly answerTimeoutMs: number
  /** Largest deviation of media frames from their beat, in milliseconds; 0 makes a perfect line. */
  readonly jitterMs: number
  /** Aborted when the carrier closes: whatever is still open then is torn down. */
  readonly closing: AbortSignal
  /** The wall clock's date that belongs to a time of the clock. */
  readonly dateAt: (ms: number) => Date
  /** Notes what Twilio's debugger would show. */
  readonly warn: (warning: Warning) => void
}
