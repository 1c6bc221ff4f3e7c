/**
 * Tells a server how a call is getting on, as often and as orderly as asked for, or as disorderly.
 * https://www.twilio.com/docs/voice/api/call-resource#statuscallback
 */

import type { SimulatedCall } from './call.ts'
import { callForm, toRfc2822 } from './call-form.ts'
import type { Exchange } from './exchange.ts'
import type { HttpMethod } from './twiml.ts'
import { sleep } from './waiting.ts'
import { describeWarning } from './warnings.ts'
import { WebhookFailure } from './webhook-client.ts'

export type CallEvent = 'initiated' | 'ringing' | 'answered' | 'completed'
export const CALL_EVENTS: readonly CallEvent[] = ['initiated', 'ringing', 'answered', 'completed']

export interface CallbackFaults {
  /** Holds every callback back this long. */
  readonly delayMs?: number
  /** Sends every callback twice. */
  readonly duplicate?: boolean
  /** `true` adds up to two seconds of chance to each; `reverse` keeps all until the call is over, the last one first. */
  readonly shuffle?: boolean | 'reverse'
}

export interface StatusCallbackOptions {
  readonly url: string
  readonly method: HttpMethod
  /** Only these are sent. */
  readonly events: ReadonlySet<CallEvent>
  readonly faults: CallbackFaults
}

type Form = Readonly<Record<string, string>>

const SHUFFLE_MS = 2_000

export class StatusCallbacks {
  readonly #call: SimulatedCall
  readonly #exchange: Exchange
  readonly #options: StatusCallbackOptions
  readonly #kept: Form[] = []
  #sequence = 0

  constructor(call: SimulatedCall, exchange: Exchange, options: StatusCallbackOptions) {
    this.#call = call
    this.#exchange = exchange
    this.#options = options
  }

  report(event: CallEvent, sipCode?: number): void {
    const { events, faults } = this.#options
    if (events.has(event)) this.#kept.push(this.#form(event, sipCode))
    if (faults.shuffle === 'reverse' && event !== 'completed') return
    const batch = this.#kept.splice(0)
    void this.#deliver(faults.shuffle === 'reverse' ? batch.toReversed() : batch)
  }

  async #deliver(batch: readonly Form[]): Promise<void> {
    const { clock, random, closing } = this.#exchange
    const { delayMs = 0, duplicate = false, shuffle } = this.#options.faults
    const delay = delayMs + (shuffle === true ? random.between(0, SHUFFLE_MS) : 0)
    if (delay > 0) await sleep(clock, delay, closing)
    for (const form of batch) {
      await this.#send(form)
      if (duplicate) await this.#send(form)
    }
  }

  async #send(params: Form): Promise<void> {
    const { url, method } = this.#options
    const { webhooks, closing, clock } = this.#exchange
    if (closing.aborted) return
    try {
      await webhooks.send({ url, method, params })
    } catch (thrown) {
      if (!(thrown instanceof WebhookFailure)) throw thrown
      if (closing.aborted) return
      const message = describeWarning(thrown.code, `status callback: ${thrown.message}`)
      this.#call.warn({ code: thrown.code, message, callSid: this.#call.sid, at: clock.now() })
    }
  }

  #form(event: CallEvent, sipCode: number | undefined): Form {
    const { clock, dateAt, accountSid } = this.#exchange
    const isOver = event === 'completed'
    const seconds = Math.ceil((this.#call.durationMs ?? 0) / 1_000)
    return {
      ...callForm(this.#call, accountSid),
      Timestamp: toRfc2822(dateAt(clock.now())),
      CallbackSource: 'call-progress-events',
      SequenceNumber: String(this.#sequence++),
      ...(isOver ? { CallDuration: String(seconds), Duration: String(Math.ceil(seconds / 60)) } : {}),
      ...(isOver && sipCode !== undefined ? { SipResponseCode: String(sipCode) } : {}),
    }
  }
}
