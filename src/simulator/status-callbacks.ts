/**
 * Tells a server how a call is getting on, as often and as orderly as asked for, or as disorderly.
 * https://www.twilio.com/docs/voice/api/call-resource#statuscallback
 */

import type { SimulatedCall } from './call.ts'
import { callForm, toRfc2822 } from './call-form.ts'
import { type CallbackFaults, type CallbackTarget, deliver, type Form } from './callback-delivery.ts'
import type { Exchange } from './exchange.ts'

export type CallEvent = 'initiated' | 'ringing' | 'answered' | 'completed'
const CALL_EVENTS: readonly CallEvent[] = ['initiated', 'ringing', 'answered', 'completed']

export interface StatusCallbackOptions extends CallbackTarget {
  /** Only these are sent. */
  readonly events: ReadonlySet<CallEvent>
  readonly faults: CallbackFaults
}

/** From what was asked for, in one text or in several; the end alone when nothing was. */
export function toCallEvents(asked: readonly string[]): Set<CallEvent> {
  const words = asked.flatMap((events) => events.split(' ')).filter((word) => word !== '')
  return new Set(words.length === 0 ? ['completed'] : CALL_EVENTS.filter((event) => words.includes(event)))
}

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
    const kept = this.#kept.splice(0)
    const batch = faults.shuffle === 'reverse' ? kept.toReversed() : kept
    void deliver(this.#call, this.#exchange, { ...this.#options, what: 'status callback' }, batch)
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
