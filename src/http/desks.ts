import type { CallView } from '../call-view.ts'
import type { MachineDetection } from '../carrier.ts'
import type { OverflowPolicy } from '../overflow-policy.ts'
import type { RecordQuery } from '../records.ts'
import type { DetectionCallback } from '../twilio/detection-callback.ts'
import type { DialAction, DialledCallback } from '../twilio/dial-callbacks.ts'
import type { RecordingCallback } from '../twilio/recording-callback.ts'
import type { StatusCallback, VoiceWebhook } from '../twilio/webhooks.ts'

/** What the carrier's webhooks lead to. A question about a call that rejects has ended it: the carrier is told to hang up. */
export interface VoiceDesk {
  /** An incoming call, or the same one again. */
  answer(webhook: VoiceWebhook): Promise<VoiceAnswer>
  /** The stream of a call has ended: what comes next? */
  next(webhook: VoiceWebhook): Promise<VoiceAnswer>
  /** @param callId our id, where the callback's URL carried it. */
  noteStatus(callback: StatusCallback, callId: string | undefined): Promise<void>
}

/**
 * What the carrier tells of things a call has asked it for. `callId` is our id, as far as the callback's URL carried it;
 * of a call that is over, it goes into the record.
 */
export interface CallbackDesk {
  noteDetection(callback: DetectionCallback, callId: string | undefined): Promise<void>
  /** Somebody who was dialled for a call is gone, or was not reached: what comes next? */
  dialled(action: DialAction, callId: string | undefined): Promise<VoiceAnswer>
  noteDialled(callback: DialledCallback, callId: string | undefined): Promise<void>
  noteRecording(callback: RecordingCallback, callId: string | undefined): Promise<void>
}

export type VoiceAnswer =
  | { readonly do: 'connect'; readonly token: string }
  | { readonly do: 'reject' }
  | { readonly do: 'hangUp' }

/** What the API's users ask for. Rejects with AdmissionError, UsageError, ConfigurationError or CarrierError. */
export interface CallsDesk {
  dial(request: DialRequest): Promise<{ readonly call: CallView; readonly isQueued: boolean }>
  list(query: RecordQuery): Promise<{ readonly calls: readonly CallView[]; readonly nextCursor: string | null }>
  find(key: string): Promise<CallView | undefined>
  /** Undefined when there is no such call; a call that is over stays as it is. */
  hangUp(key: string): Promise<CallView | undefined>
  /** Undefined when there is no such call. */
  sendDigits(key: string, digits: string): Promise<CallView | undefined>
  /** Undefined when there is no such call; resolves when the transfer has begun. */
  transfer(key: string, request: TransferRequest): Promise<CallView | undefined>
  /** Undefined when there is no such call. */
  hold(key: string, wish: 'hold' | 'resume'): Promise<CallView | undefined>
  /** The carrier's recording. Undefined when there is no such call. */
  record(key: string, wish: RecordingWish): Promise<CallView | undefined>
  readiness(): 'ready' | 'full' | 'overloaded' | 'draining'
}

export interface TransferRequest {
  /** E.164, or a SIP URI. */
  readonly to: string
  /** Caller id, E.164. */
  readonly from?: string | undefined
  /** By name: who takes the call, should it come back. */
  readonly agent?: string | undefined
  readonly ringTimeoutSeconds?: number | undefined
}

export type RecordingWish =
  | { readonly do: 'start'; readonly channels?: 'mono' | 'dual' | undefined }
  | { readonly do: 'pause' }
  | { readonly do: 'resume' }
  | { readonly do: 'stop' }

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
  /** Listens for an answering machine; none otherwise. */
  readonly machineDetection?: MachineDetection | undefined
  /** Writes both sides to a WAV file on this server, or not; as the node does it otherwise. */
  readonly record?: boolean | undefined
  /** What becomes of more speech while more than 10 s wait to be said; as the node does it otherwise. */
  readonly overflow?: OverflowPolicy | undefined
  /** Waits of this call that differ from the node's, in seconds; 0 stands for "without limit" where there is none. */
  readonly timers?: CallTimers | undefined
}

export interface CallTimers {
  /** From the answer to the media stream's start. */
  readonly streamSeconds?: number | undefined
  /** Without media before the stream counts as lost. */
  readonly silenceSeconds?: number | undefined
  /** How long both sides may be quiet. */
  readonly idleSeconds?: number | undefined
  /** How long the agent may say nothing. */
  readonly agentSilenceSeconds?: number | undefined
}
