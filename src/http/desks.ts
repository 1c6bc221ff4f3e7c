import type { CallView } from '../call-view.ts'
import type { StatusCallback, VoiceWebhook } from '../twilio/webhooks.ts'

/** What the carrier's webhooks lead to. */
export interface VoiceDesk {
  /** An incoming call, or the same one again. */
  answer(webhook: VoiceWebhook): Promise<VoiceAnswer>
  /** The stream of a call has ended: what comes next? */
  next(webhook: VoiceWebhook): Promise<VoiceAnswer>
  /** @param callId our id, where the callback's URL carried it. */
  noteStatus(callback: StatusCallback, callId: string | undefined): Promise<void>
}

export type VoiceAnswer =
  | { readonly do: 'connect'; readonly token: string }
  | { readonly do: 'reject' }
  | { readonly do: 'hangUp' }

/** What the API's users ask for. Rejects with AdmissionError, UsageError, ConfigurationError or CarrierError. */
export interface CallsDesk {
  dial(request: DialRequest): Promise<{ readonly call: CallView; readonly isQueued: boolean }>
  list(): readonly CallView[]
  find(key: string): CallView | undefined
  /** Undefined when there is no such call; a call that is over stays as it is. */
  hangUp(key: string): Promise<CallView | undefined>
  /** Undefined when there is no such call. */
  sendDigits(key: string, digits: string): CallView | undefined
  readiness(): 'ready' | 'full' | 'draining'
}

/** What the inspector's pages ask for beside the calls themselves. */
export interface InspectorDesk {
  /** JSON lines; undefined when there is no such call, or nothing was kept of it. */
  recording(id: string): Promise<string | undefined>
}

export interface DialRequest {
  /** E.164. */
  readonly to: string
  readonly from?: string | undefined
  /** By name; the default agent otherwise. */
  readonly agent?: string | undefined
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** The carrier ends the call after this long (3600). */
  readonly timeLimitSeconds?: number | undefined
  /** How long it may ring (60). */
  readonly ringTimeoutSeconds?: number | undefined
}
