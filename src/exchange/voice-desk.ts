import type { Clock } from '../clock.ts'
import { AdmissionError } from '../errors.ts'
import type { VoiceAnswer, VoiceDesk } from '../http/desks.ts'
import type { Logger } from '../log.ts'
import type { TwimlVerb } from '../recorder.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { CallStatusCallback, StatusCallback, VoiceWebhook } from '../twilio/webhooks.ts'
import type { Exchange } from './exchange.ts'
import { isOver } from './leg-status.ts'
import type { LiveCall } from './live-call.ts'
import type { Orphans } from './orphans.ts'

const VERBS: Readonly<Record<VoiceAnswer['do'], TwimlVerb>> = { connect: 'Connect', reject: 'Reject', hangUp: 'Hangup' }

/** How long a caller waits for a disk that is slow to say whether the call has been here before. */
const LOOK_BACK_MS = 500

export interface VoiceDeskOptions {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly logger: Logger
  /** The agent for incoming calls. */
  readonly agent: string
  /** Calls of a process that died. */
  readonly orphans?: Orphans
  readonly telemetry?: Pick<Telemetry, 'rejected'> | undefined
}

/** The carrier's webhooks: idempotent, since they come late, twice and out of order. */
export class ExchangeVoiceDesk implements VoiceDesk {
  readonly #exchange: Exchange
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #agent: string
  readonly #telemetry: VoiceDeskOptions['telemetry']
  readonly #orphans: Orphans | undefined

  constructor({ exchange, clock, logger, agent, orphans, telemetry }: VoiceDeskOptions) {
    this.#exchange = exchange
    this.#clock = clock
    this.#logger = logger
    this.#agent = agent
    this.#orphans = orphans
    this.#telemetry = telemetry
  }

  answer(webhook: VoiceWebhook): Promise<VoiceAnswer> {
    return this.#exchange.orEnd(webhook.callSid, () => this.#answer(webhook))
  }

  next(webhook: VoiceWebhook): Promise<VoiceAnswer> {
    return this.#exchange.orEnd(webhook.callSid, () => this.#next(webhook))
  }

  async #answer({ callSid, from, to, callStatus }: VoiceWebhook): Promise<VoiceAnswer> {
    // A call that is over stays over, whoever asks again, and however late: what was signed once can be sent for ever.
    if (await this.#isOver(callSid)) return { do: 'hangUp' }
    const adopted = await this.#orphans?.adopt(callSid)
    if (adopted !== undefined) return this.#connect(adopted)
    try {
      const call = await this.#exchange.admit({ direction: 'inbound', callSid, from, to, agent: this.#agent })
      const answer = await this.#connect(call)
      call?.story.note({ what: 'webhook', route: 'voice', callStatus, twiml: VERBS[answer.do] })
      return answer
    } catch (error) {
      if (!(error instanceof AdmissionError)) throw error
      this.#logger.warn({ callSid, code: error.code }, 'call rejected')
      this.#telemetry?.rejected(error.code)
      return { do: 'reject' }
    }
  }

  async #next(webhook: VoiceWebhook): Promise<VoiceAnswer> {
    const { callSid, callStatus } = webhook
    if (isOver(callStatus)) await this.#orphans?.noteOver(callSid, callStatus)
    const adopted = await this.#orphans?.adopt(callSid)
    if (adopted !== undefined) return this.#connect(adopted)
    const call = this.#exchange.find(callSid)
    const answer = await this.#continue(call, webhook)
    call?.story.note({ what: 'webhook', route: 'next', callStatus, twiml: VERBS[answer.do] })
    return answer
  }

  async #continue(call: LiveCall | undefined, { callSid, callStatus }: VoiceWebhook): Promise<VoiceAnswer> {
    if (call !== undefined && isOver(callStatus)) {
      call.session.noteFarEndGone({ type: 'leg.ended', callSid, outcome: callStatus })
      return { do: 'hangUp' }
    }
    // Asked while the call is active, the carrier has lost the stream, whether or not we have noticed yet.
    return call?.isActive === true ? this.#connect(call) : { do: 'hangUp' }
  }

  async noteStatus(callback: StatusCallback, callId: string | undefined): Promise<void> {
    if (callback.kind === 'stream') {
      const { callSid, streamEvent: event } = callback
      const id = this.#exchange.find(callSid)?.session.facts.id
      this.#logger.info({ callId: id, callSid, event }, 'stream status')
      return
    }
    const call = this.#exchange.find(callback.callSid) ?? this.#awaiting(callId)
    if (call === undefined) {
      if (callId !== undefined) this.#orphans?.learnSid(callId, callback.callSid)
      if (isOver(callback.callStatus)) await this.#orphans?.noteOver(callback.callSid, callback.callStatus)
      return this.#noteLateStatus(callback, callId)
    }
    call.story.note({ what: 'webhook', route: 'status', callStatus: callback.callStatus })
    await this.#exchange.learnSid(call, callback.callSid)
    this.#pass(callback, call)
  }

  async #isOver(callSid: string): Promise<boolean> {
    const { records } = this.#exchange
    if (records.find(callSid) !== undefined) return true
    if (this.#exchange.find(callSid) !== undefined) return false
    const record = await this.#lookBack(records.read(callSid))
    // A row that is not closed is that of a call which is being admitted just now.
    return record?.endedAt !== undefined
  }

  /** What is found, or undefined when it takes long or fails: nobody is turned away for that. */
  #lookBack<T>(search: Promise<T | undefined>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(() => resolve(undefined), LOOK_BACK_MS)
      void search
        .catch((error: unknown) => {
          this.#logger.error({ err: error }, 'earlier calls could not be looked through')
          return undefined
        })
        .then(resolve)
        .finally(() => this.#clock.clearTimeout(timer))
    })
  }

  /** The call by our id, as long as its CallSid is not known. */
  #awaiting(callId: string | undefined): LiveCall | undefined {
    const call = callId === undefined ? undefined : this.#exchange.find(callId)
    return call?.session.facts.callSid === undefined ? call : undefined
  }

  #pass({ callSid, callStatus, ...more }: CallStatusCallback, call: LiveCall): void {
    const { account } = call.session
    if (more.sipResponseCode !== undefined) account.note({ sipCode: more.sipResponseCode })
    if (more.errorCode !== undefined) account.note({ carrierErrorCode: more.errorCode })
    if (callStatus === 'ringing') account.noteRinging()
    if (callStatus === 'in-progress') account.noteAnswered()
    if (isOver(callStatus)) call.session.noteFarEndGone({ type: 'leg.ended', callSid, outcome: callStatus })
    else if (callStatus === 'ringing') call.send({ type: 'leg.ringing', callSid })
    else if (callStatus === 'in-progress') call.send({ type: 'leg.answered', callSid })
  }

  /**
   * A create that failed without an answer may yet have rung somebody. The callback shows it, and nobody is there to
   * talk to: the leg is hung up.
   */
  async #noteLateStatus(callback: CallStatusCallback, callId: string | undefined): Promise<void> {
    const { callSid, callStatus, sipResponseCode: sipCode, errorCode: carrierErrorCode } = callback
    if (sipCode !== undefined || carrierErrorCode !== undefined) {
      await this.#exchange.records.amend(callSid, {
        ...(sipCode === undefined ? {} : { sipCode }),
        ...(carrierErrorCode === undefined ? {} : { carrierErrorCode }),
      })
    }
    const record = callId === undefined ? undefined : this.#exchange.records.find(callId)
    if (record === undefined || record.callSid !== undefined || isOver(callStatus)) return
    this.#logger.warn({ callId, callSid, callStatus }, 'a call that was given up turned up after all: hanging it up')
    this.#exchange.hangUpLeg(record.id, callSid)
  }

  async #connect(call: LiveCall | undefined): Promise<VoiceAnswer> {
    if (call === undefined || call.state === 'stopping' || call.ending !== undefined) return { do: 'hangUp' }
    return { do: 'connect', token: await this.#exchange.directory.token(call.session.facts.id) }
  }
}
