/** What happens when the carrier rings a number: what a test has programmed, or an answer after a second. */

import type { CallFaults, SimulatedCall } from './call.ts'
import type { CallbackFaults } from './callback-delivery.ts'
import type { Exchange } from './exchange.ts'
import { greet, type GreetingPlan } from './greeting.ts'
import type { DetectionPlan } from './machine-detection.ts'
import { sleep } from './waiting.ts'

export type CalleeOutcome = 'answers' | 'busy' | 'no-answer' | 'failed' | 'canceled'

export interface CalleePlan extends CallFaults, GreetingPlan, DetectionPlan {
  /** Default `answers`. */
  readonly outcome?: CalleeOutcome
  /** How long it rings before it is answered; default 1,000. `Infinity` waits for `callee.answers()`. */
  readonly answersAfterMs?: number
  /** The SIP status of a call that fails; defaults 486 (busy), 404 (failed), 487 (no answer, canceled). */
  readonly sipCode?: number
  /** How the call's status callbacks are delivered. */
  readonly callbacks?: CallbackFaults
}

/** A plan, or its outcome alone. */
export type CalleeBehaviour = CalleePlan | CalleeOutcome

export interface RingOrder {
  readonly ringTimeoutMs: number
  readonly timeLimitMs: number
  /** How long the carrier keeps the order in its queue. */
  readonly queueMs: number
}

const SET_UP_MS = 200
const RINGS_AFTER_MS = 300
const ANSWERS_AFTER_MS = 1_000

export function toPlan(behaviour: CalleeBehaviour): CalleePlan {
  return typeof behaviour === 'string' ? { outcome: behaviour } : behaviour
}

/** Dials, rings, and does what the plan says; resolves when the call is up or over. */
export async function ring(
  call: SimulatedCall,
  order: RingOrder,
  plan: CalleePlan,
  { clock }: Exchange,
): Promise<void> {
  await sleep(clock, order.queueMs, call.over)
  call.advanceTo('initiated')
  await sleep(clock, SET_UP_MS, call.over)
  const { outcome = 'answers' } = plan
  if (outcome === 'busy') return call.finish({ status: 'busy', by: 'callee', sipCode: plan.sipCode ?? 486 })
  if (outcome === 'failed') return call.finish({ status: 'failed', by: 'carrier', sipCode: plan.sipCode ?? 404 })
  await sleep(clock, RINGS_AFTER_MS, call.over)
  call.advanceTo('ringing')
  if (outcome === 'canceled') {
    await sleep(clock, plan.answersAfterMs ?? ANSWERS_AFTER_MS, call.over)
    return call.finish({ status: 'canceled', by: 'carrier', sipCode: plan.sipCode ?? 487 })
  }
  const answersAfterMs = outcome === 'no-answer' ? Infinity : (plan.answersAfterMs ?? ANSWERS_AFTER_MS)
  await sleep(clock, Math.min(answersAfterMs, order.ringTimeoutMs), AbortSignal.any([call.over, call.pickedUp]))
  if (call.isOver) return
  if (!call.pickedUp.aborted && answersAfterMs > order.ringTimeoutMs) {
    return call.finish({ status: 'no-answer', by: 'carrier', sipCode: plan.sipCode ?? 487 })
  }
  call.answer(order.timeLimitMs)
  greet(call, plan, clock)
}
