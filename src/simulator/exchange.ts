/** The telephone exchange: what every call, stream and request of one simulated carrier shares. */

import type { Clock } from '../clock.ts'
import { Activity } from './activity.ts'
import type { Reach } from './addresses.ts'
import type { Random } from './random.ts'
import type { Warning } from './warnings.ts'
import { WebhookClient } from './webhook-client.ts'

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
  /** The REST interface's origin, once it listens. */
  readonly apiUrl: () => string
}

type Given = Pick<Exchange, 'accountSid' | 'authToken' | 'clock' | 'random' | 'closing' | 'warn' | 'apiUrl'> &
  Partial<Pick<Exchange, 'reach' | 'answerTimeoutMs' | 'jitterMs'>>

/** Fifteen seconds for an answer, as with Twilio, and a line with a little jitter, unless given otherwise. */
export function createExchange({ reach = {}, answerTimeoutMs = 15_000, jitterMs = 2, ...given }: Given): Exchange {
  const { clock, authToken, closing } = given
  const activity = new Activity()
  const wallOrigin = Date.now() - clock.now()
  const webhooks = new WebhookClient({ authToken, reach, clock, activity, answerTimeoutMs, closing })
  const dateAt = (ms: number): Date => new Date(wallOrigin + ms)
  return { ...given, reach, answerTimeoutMs, jitterMs, activity, webhooks, dateAt }
}
