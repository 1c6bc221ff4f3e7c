/**
 * What `<Dial>` does: rings another telephone, joins the two for as long as both want to talk, and says how it went.
 * Whatever ends the dialling leg, or gives it something else to do, hangs the other one up.
 *
 * https://www.twilio.com/docs/voice/twiml/dial#action
 */

import { absolute } from './addresses.ts'
import { Bridge } from './bridge.ts'
import type { EndedBy, SimulatedCall } from './call.ts'
import type { Form } from './callback-delivery.ts'
import type { Exchange } from './exchange.ts'
import type { DialVerb } from './twiml-dial.ts'
import { describeWarning, type WarningCode } from './warnings.ts'

/** A leg that another one wants to be dialled. */
export interface LegOrder extends Pick<DialVerb, 'to' | 'ringTimeoutMs' | 'timeLimitMs' | 'statusCallback'> {
  readonly parent: SimulatedCall
  readonly from: string
}

export interface DialledLeg {
  readonly call: SimulatedCall
  /** Resolves when it is up or over. */
  readonly rung: Promise<void>
}

export interface Dialling {
  readonly call: SimulatedCall
  readonly exchange: Exchange
  /** Begins to dial. */
  readonly dialLeg: (order: LegOrder) => DialledLeg
  /** Answers the dialling leg, unless it is up already. */
  readonly answer: () => void
  /** What relative addresses are relative to. */
  readonly documentUrl: string
  /** Aborted when the dialling leg is over, or has been given something else to do. */
  readonly signal: AbortSignal
}

const E164 = /^\+[1-9]\d{6,14}$/
const SIP = /^sips?:[^@\s]+@[^@\s]+$/i
/** The callee was rung and is told that it is no longer wanted. */
const CANCELED_SIP_CODE = 487

/** Resolves when the dialled leg is over, with what the verb's `action` is told of it. */
export async function dial(verb: DialVerb, dialling: Dialling): Promise<Form> {
  const { call, exchange, dialLeg, answer, documentUrl, signal } = dialling
  const from = verb.callerId ?? call.from
  if (hasFault(verb.to, from, dialling)) return { DialCallStatus: 'failed', DialBridged: 'false' }
  const { statusCallback } = verb
  const { call: leg, rung } = dialLeg({
    ...verb,
    parent: call,
    from,
    ...(statusCallback && { statusCallback: { ...statusCallback, url: absolute(statusCallback.url, documentUrl) } }),
  })
  const hangUp = (): void => leg.finish(endingOf(call, leg))
  signal.addEventListener('abort', hangUp, { once: true })
  await rung
  if (leg.status === 'in-progress') {
    answer()
    await new Bridge(exchange, call, leg).ended
  }
  signal.removeEventListener('abort', hangUp)
  return resultOf(leg)
}

/** Notes what Twilio would note. Also a leg that came from a SIP address has no caller id for a telephone number. */
function hasFault(to: string, from: string, { call, exchange }: Dialling): boolean {
  const isNumber = E164.test(to)
  const note = (code: WarningCode, detail: string): true => {
    call.warn({ code, message: describeWarning(code, detail), callSid: call.sid, at: exchange.clock.now() })
    return true
  }
  if (!isNumber && !SIP.test(to)) return note(13224, `expected a number in E.164 form or a SIP address, got ${to}`)
  return isNumber && !E164.test(from) && note(13214, `expected a number in E.164 form, got ${from}`)
}

/** How the dialled leg ends when it is no longer wanted. */
function endingOf(call: SimulatedCall, leg: SimulatedCall): Parameters<SimulatedCall['finish']>[0] {
  const by: EndedBy = call.endedBy === 'callee' ? 'caller' : (call.endedBy ?? 'api')
  return leg.answeredAt === undefined
    ? { status: 'canceled', by, sipCode: CANCELED_SIP_CODE }
    : { status: 'completed', by }
}

function resultOf(leg: SimulatedCall): Form {
  const isBridged = leg.answeredAt !== undefined
  return {
    // A leg that was taken out of the bridge goes on without this verb.
    DialCallStatus: leg.isOver ? leg.status : 'completed',
    DialCallSid: leg.sid,
    DialBridged: String(isBridged),
    ...(isBridged ? { DialCallDuration: String(Math.ceil((leg.durationMs ?? 0) / 1_000)) } : {}),
  }
}
