import type { DialOutcome } from '../../machines/index.ts'
import type { CallbackDesk, VoiceAnswer } from '../http/desks.ts'
import type { Logger } from '../log.ts'
import type { TwimlVerb } from '../recorder.ts'
import type { LateFacts } from '../records.ts'
import type { DetectionCallback } from '../twilio/detection-callback.ts'
import type { DialAction, DialledCallback, DialStatus } from '../twilio/dial-callbacks.ts'
import type { RecordingCallback } from '../twilio/recording-callback.ts'
import type { CallStatus } from '../twilio/webhooks.ts'
import type { Exchange } from './exchange.ts'
import { isOver } from './leg-status.ts'
import type { LiveCall } from './live-call.ts'
import type { Orphans } from './orphans.ts'

export interface CallbackDeskOptions {
  readonly exchange: Exchange
  readonly logger: Logger
  /** Calls of a process that died. */
  readonly orphans?: Orphans
}

/** What the carrier tells of what calls have asked it for: late, twice and out of order, and after a call's end. */
export class ExchangeCallbackDesk implements CallbackDesk {
  readonly #options: CallbackDeskOptions
  readonly #exchange: Exchange

  constructor(options: CallbackDeskOptions) {
    this.#options = options
    this.#exchange = options.exchange
  }

  async noteDetection({ callSid, answeredBy }: DetectionCallback, callId: string | undefined): Promise<void> {
    const call = await this.#find(callSid, callId)
    if (call === undefined) return this.#amend({ callSid, callId }, { answeredBy })
    call.story.note({ what: 'webhook', route: 'detected', callStatus: answeredBy })
    call.session.noteAnsweredBy(answeredBy)
  }

  dialled(action: DialAction, callId: string | undefined): Promise<VoiceAnswer> {
    return this.#exchange.orEnd(action.callSid, () => this.#dialled(action, callId))
  }

  async #dialled({ callSid, callStatus, dialStatus }: DialAction, callId: string | undefined): Promise<VoiceAnswer> {
    const call = await this.#find(callSid, callId)
    const answer = await this.#afterDial(call, { callSid, callStatus, dialStatus })
    const verb: TwimlVerb = answer.do === 'connect' ? 'Connect' : 'Hangup'
    call?.story.note({ what: 'webhook', route: 'dialled', callStatus: dialStatus, twiml: verb })
    return answer
  }

  async #afterDial(
    call: LiveCall | undefined,
    { callSid, callStatus, dialStatus }: Pick<DialAction, 'callSid' | 'callStatus' | 'dialStatus'>,
  ): Promise<VoiceAnswer> {
    if (call === undefined) return this.#afterOrphansDial(callSid, callStatus, dialStatus)
    if (isOver(callStatus)) {
      // Whoever was to be handed over has gone: of those who had been joined, that is how it ends.
      call.session.noteFarEndGone({ type: 'leg.ended', callSid, outcome: callStatus })
      return { do: 'hangUp' }
    }
    call.send({ type: 'dial.ended', outcome: outcomeOf(dialStatus) })
    if (!call.isActive) return { do: 'hangUp' }
    return { do: 'connect', token: await this.#exchange.directory.token(call.session.facts.id) }
  }

  /** Of a call whose process died while it was handed over. */
  async #afterOrphansDial(callSid: string, callStatus: CallStatus, dialStatus: DialStatus): Promise<VoiceAnswer> {
    const { orphans, exchange } = this.#options
    const over = isOver(callStatus) ? callStatus : outcomeOf(dialStatus) === 'completed' ? 'completed' : undefined
    if (over !== undefined) await orphans?.noteOver(callSid, over)
    const call = over === undefined ? await orphans?.adopt(callSid) : undefined
    if (call === undefined) return { do: 'hangUp' }
    return { do: 'connect', token: await exchange.directory.token(call.session.facts.id) }
  }

  async noteDialled({ parentCallSid, callStatus }: DialledCallback, callId: string | undefined): Promise<void> {
    const call = await this.#find(parentCallSid, callId)
    if (call === undefined) return
    call.story.note({ what: 'webhook', route: 'dialled', callStatus })
    if (callStatus === 'ringing') call.send({ type: 'dial.ringing' })
    if (callStatus !== 'in-progress') return
    call.session.account.noteTransferAnswered()
    call.send({ type: 'dial.answered' })
  }

  async noteRecording(callback: RecordingCallback, callId: string | undefined): Promise<void> {
    const { callSid, recordingSid, status, url, durationSeconds } = callback
    const recording = { recordingSid, status, url, durationSeconds }
    const call = await this.#find(callSid, callId)
    if (call === undefined) return this.#amend({ callSid, callId }, { recordings: [recording] })
    call.story.note({ what: 'webhook', route: 'recorded', callStatus: status })
    call.session.account.noteRecording(recording)
  }

  async #find(callSid: string, callId: string | undefined): Promise<LiveCall | undefined> {
    const call = this.#exchange.find(callSid)
    if (call !== undefined || callId === undefined) return call
    // It may overtake the answer that would have told us the CallSid.
    const awaiting = this.#exchange.find(callId)
    if (awaiting?.session.facts.callSid !== undefined) return undefined
    if (awaiting !== undefined) await this.#exchange.learnSid(awaiting, callSid)
    return awaiting
  }

  async #amend(
    { callSid, callId }: { readonly callSid: string; readonly callId: string | undefined },
    facts: LateFacts,
  ): Promise<void> {
    this.#options.logger.info({ callId, callSid, facts: Object.keys(facts) }, 'told of a call that is over')
    await this.#exchange.records.amend(callSid, facts)
  }
}

function outcomeOf(status: DialStatus): DialOutcome {
  return status === 'answered' ? 'completed' : status
}
