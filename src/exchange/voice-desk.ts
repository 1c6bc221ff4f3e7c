import type { LegOutcome } from '../../machines/index.ts'
import { AdmissionError } from '../errors.ts'
import type { VoiceAnswer, VoiceDesk } from '../http/desks.ts'
import type { Logger } from '../log.ts'
import type { TwimlVerb } from '../recorder.ts'
import type { CallStatus, CallStatusCallback, StatusCallback, VoiceWebhook } from '../twilio/webhooks.ts'
import type { Exchange } from './exchange.ts'
import type { LiveCall } from './live-call.ts'

const OVER = new Set<CallStatus>(['completed', 'busy', 'failed', 'no-answer', 'canceled'])
const isOver = (status: CallStatus): status is LegOutcome => OVER.has(status)

const VERBS: Readonly<Record<VoiceAnswer['do'], TwimlVerb>> = { connect: 'Connect', reject: 'Reject', hangUp: 'Hangup' }

export interface VoiceDeskOptions {
  readonly exchange: Exchange
  readonly logger: Logger
  /** The agent for incoming calls. */
  readonly agent: string
}

/** The carrier's webhooks: idempotent, since they come late, twice and out of order. */
export class ExchangeVoiceDesk implements VoiceDesk {
  readonly #exchange: Exchange
  readonly #logger: Logger
  readonly #agent: string

  constructor({ exchange, logger, agent }: VoiceDeskOptions) {
    this.#exchange = exchange
    this.#logger = logger
    this.#agent = agent
  }

  async answer({ callSid, from, to, callStatus }: VoiceWebhook): Promise<VoiceAnswer> {
    // A call that is over stays over, whoever asks again.
    if (this.#exchange.records.find(callSid) !== undefined) return { do: 'hangUp' }
    try {
      const call = await this.#exchange.admit({ direction: 'inbound', callSid, from, to, agent: this.#agent })
      const answer = await this.#connect(call)
      call?.story.note({ what: 'webhook', route: 'voice', callStatus, twiml: VERBS[answer.do] })
      return answer
    } catch (error) {
      if (!(error instanceof AdmissionError)) throw error
      this.#logger.warn({ callSid, code: error.code }, 'call rejected')
      return { do: 'reject' }
    }
  }

  async next(webhook: VoiceWebhook): Promise<VoiceAnswer> {
    const { callSid, callStatus } = webhook
    const call = this.#exchange.find(callSid)
    const answer = await this.#continue(call, webhook)
    call?.story.note({ what: 'webhook', route: 'next', callStatus, twiml: VERBS[answer.do] })
    return answer
  }

  async #continue(call: LiveCall | undefined, { callSid, callStatus }: VoiceWebhook): Promise<VoiceAnswer> {
    if (call !== undefined && isOver(callStatus)) {
      call.send({ type: 'leg.ended', callSid, outcome: callStatus })
      return { do: 'hangUp' }
    }
    // Asked while the call is active, the carrier has lost the stream, whether or not we have noticed yet.
    return call?.isActive === true ? this.#connect(call) : { do: 'hangUp' }
  }

  async noteStatus(callback: StatusCallback, callId: string | undefined): Promise<void> {
    if (callback.kind === 'stream') {
      this.#logger.info({ callSid: callback.callSid, event: callback.streamEvent }, 'stream status')
      return
    }
    const call = this.#exchange.find(callback.callSid) ?? this.#awaiting(callId)
    if (call === undefined) return this.#noteLateStatus(callback, callId)
    call.story.note({ what: 'webhook', route: 'status', callStatus: callback.callStatus })
    await this.#exchange.learnSid(call, callback.callSid)
    this.#pass(callback, call)
  }

  /** The call by our id, as long as its CallSid is not known. */
  #awaiting(callId: string | undefined): LiveCall | undefined {
    const call = callId === undefined ? undefined : this.#exchange.find(callId)
    return call?.session.facts.callSid === undefined ? call : undefined
  }

  #pass({ callSid, callStatus }: CallStatusCallback, call: LiveCall): void {
    if (isOver(callStatus)) call.send({ type: 'leg.ended', callSid, outcome: callStatus })
    else if (callStatus === 'ringing') call.send({ type: 'leg.ringing', callSid })
    else if (callStatus === 'in-progress') call.send({ type: 'leg.answered', callSid })
  }

  /**
   * A create that failed without an answer may yet have rung somebody. The callback shows it, and nobody is there to
   * talk to: the leg is hung up.
   */
  #noteLateStatus({ callSid, callStatus }: CallStatusCallback, callId: string | undefined): void {
    const record = callId === undefined ? undefined : this.#exchange.records.find(callId)
    if (record === undefined || record.callSid !== undefined || isOver(callStatus)) return
    this.#logger.warn({ callId, callSid, callStatus }, 'a call that was given up turned up after all: hanging it up')
    this.#exchange.hangUpLeg(record.id, callSid)
  }

  async #connect(call: LiveCall | undefined): Promise<VoiceAnswer> {
    if (call === undefined || call.state === 'stopping') return { do: 'hangUp' }
    return { do: 'connect', token: await this.#exchange.directory.token(call.session.facts.id) }
  }
}
