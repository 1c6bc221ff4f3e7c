/**
 * Answering machine detection. Nobody listens here: who answers is planned, and so the verdict comes after the time that
 * listening would have taken, with the thresholds that were asked for.
 *
 * https://www.twilio.com/docs/voice/answering-machine-detection
 */

import type { SimulatedCall } from './call.ts'
import { type CallbackFaults, deliver, type Form } from './callback-delivery.ts'
import type { DetectionOrder } from './detection-order.ts'
import type { Exchange } from './exchange.ts'
import { BEEP_MS, greetingMsOf, type GreetingPlan } from './greeting.ts'
import { sleep } from './waiting.ts'
import { describeWarning } from './warnings.ts'

export type AnsweredBy =
  | 'human'
  | 'fax'
  | 'unknown'
  | 'machine_start'
  | 'machine_end_beep'
  | 'machine_end_silence'
  | 'machine_end_other'

export interface DetectionPlan {
  /**
   * What detection takes the end of a machine's greeting for; default: the beep, or the silence where there is none.
   * `unnoticed` waits for the timeout.
   */
  readonly messageEnd?: 'beep' | 'silence' | 'other' | 'unnoticed'
  /** How the verdict's callback is delivered. */
  readonly detectionCallbacks?: CallbackFaults
}

interface Verdict {
  readonly answeredBy: AnsweredBy
  /** After the answer. */
  readonly afterMs: number
}

/** How long somebody takes to say hello. */
const HELLO_MS = 1_000
/** How long the whistle of a fax has to last. */
const FAX_MS = 2_000
/** A beep is known for one once it is over, and this much later. */
const BEEP_END_MS = 100

/** Resolves with what is told of the verdict, also when the call ends before: nobody knows then who it was. */
export async function detect(
  call: SimulatedCall,
  order: DetectionOrder,
  plan: GreetingPlan & DetectionPlan,
  exchange: Exchange,
): Promise<Form> {
  const { clock, accountSid } = exchange
  if (order.isAsync && order.callback === undefined) {
    const message = describeWarning(21262, 'expected an AsyncAmdStatusCallback beside AsyncAmd, got none')
    call.warn({ code: 21262, message, callSid: call.sid, at: clock.now() })
  }
  const beganAt = clock.now()
  const verdict = verdictOf(order, plan)
  await sleep(clock, verdict.afterMs, call.over)
  call.answeredBy = call.isOver ? 'unknown' : verdict.answeredBy
  const form = { AnsweredBy: call.answeredBy, MachineDetectionDuration: String(Math.round(clock.now() - beganAt)) }
  if (order.isAsync && order.callback !== undefined) {
    const faults = plan.detectionCallbacks ?? {}
    const delivery = { ...order.callback, faults, what: 'answering machine detection callback' }
    void deliver(call, exchange, delivery, [{ AccountSid: accountSid, CallSid: call.sid, ...form }])
  }
  return form
}

function verdictOf(order: DetectionOrder, plan: GreetingPlan & DetectionPlan): Verdict {
  const verdict = ownVerdict(order, plan)
  return verdict.afterMs < order.timeoutMs ? verdict : { answeredBy: 'unknown', afterMs: order.timeoutMs }
}

function ownVerdict(order: DetectionOrder, plan: GreetingPlan & DetectionPlan): Verdict {
  const { answeredBy = 'human' } = plan
  if (answeredBy === 'human') return { answeredBy, afterMs: HELLO_MS + order.speechEndThresholdMs }
  if (answeredBy === 'fax') return { answeredBy, afterMs: FAX_MS }
  if (answeredBy === 'unknown') return { answeredBy, afterMs: order.silenceTimeoutMs }
  if (order.mode === 'Enable') return { answeredBy: 'machine_start', afterMs: order.speechThresholdMs }
  return messageEndOf(order, plan)
}

function messageEndOf(order: DetectionOrder, plan: GreetingPlan & DetectionPlan): Verdict {
  const { beeps = true, messageEnd = beeps ? 'beep' : 'silence' } = plan
  const endMs = greetingMsOf(plan)
  const silentMs = endMs + order.speechEndThresholdMs
  const verdicts: Readonly<Record<typeof messageEnd, Verdict>> = {
    beep: { answeredBy: 'machine_end_beep', afterMs: endMs + BEEP_MS + BEEP_END_MS },
    silence: { answeredBy: 'machine_end_silence', afterMs: silentMs },
    other: { answeredBy: 'machine_end_other', afterMs: silentMs },
    unnoticed: { answeredBy: 'unknown', afterMs: Infinity },
  }
  return verdicts[messageEnd]
}
