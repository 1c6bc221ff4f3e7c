/** Posts a server the news it asked for, one form after the other; late, twice or never if a test wants trouble. */

import type { SimulatedCall } from './call.ts'
import type { Exchange } from './exchange.ts'
import type { HttpMethod } from './twiml-element.ts'
import { sleep } from './waiting.ts'
import { describeWarning } from './warnings.ts'
import { WebhookFailure } from './webhook-client.ts'

export interface CallbackFaults {
  /** Holds every callback back this long. */
  readonly delayMs?: number
  /** Sends every callback twice. */
  readonly duplicate?: boolean
  /** `true` adds up to two seconds of chance to each; `reverse` keeps all until the call is over, the last one first. */
  readonly shuffle?: boolean | 'reverse'
  /** No callback is ever sent. */
  readonly never?: boolean
}

export interface CallbackTarget {
  readonly url: string
  readonly method: HttpMethod
}

export interface Delivery extends CallbackTarget {
  /** For the warning when the server does not take it, e.g. `status callback`. */
  readonly what: string
  readonly faults?: CallbackFaults
}

export type Form = Readonly<Record<string, string>>

const SHUFFLE_MS = 2_000

/** Resolves when every form was sent, or the carrier is closed; what a server does not take becomes a warning. */
export async function deliver(
  call: SimulatedCall,
  exchange: Exchange,
  { url, method, what, faults = {} }: Delivery,
  forms: readonly Form[],
): Promise<void> {
  const { clock, random, closing } = exchange
  const { delayMs = 0, duplicate = false, shuffle, never = false } = faults
  if (never) return
  const delay = delayMs + (shuffle === true ? random.between(0, SHUFFLE_MS) : 0)
  if (delay > 0) await sleep(clock, delay, closing)
  for (const params of forms) {
    for (let time = 0; time < (duplicate ? 2 : 1); time++) await send(call, exchange, { url, method, what }, params)
  }
}

async function send(
  call: SimulatedCall,
  { webhooks, closing, clock }: Exchange,
  { url, method, what }: Delivery,
  params: Form,
): Promise<void> {
  if (closing.aborted) return
  try {
    await webhooks.send({ url, method, params })
  } catch (thrown) {
    if (!(thrown instanceof WebhookFailure)) throw thrown
    if (closing.aborted) return
    const message = describeWarning(thrown.code, `${what}: ${thrown.message}`)
    call.warn({ code: thrown.code, message, callSid: call.sid, at: clock.now() })
  }
}
