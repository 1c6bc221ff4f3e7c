/** The carrier as the rest of the program needs it: commands, each of which settles or rejects with CarrierError. */

/** What listens for a machine at the other end: `enable` says who answered, `detectMessageEnd` also waits for the beep. */
export type MachineDetection = 'enable' | 'detectMessageEnd'

export interface PlaceCallRequest {
  /** E.164. */
  readonly to: string
  /** E.164; the caller id. */
  readonly from: string
  /** What the carrier executes when the callee answers. */
  readonly twiml: string
  /** Where status callbacks go. */
  readonly statusCallbackUrl: string
  readonly ringTimeoutSeconds: number
  /** The carrier itself ends the call after this long, whatever becomes of us. */
  readonly timeLimitSeconds: number
  /** Without holding up the call: the verdict comes as a callback. */
  readonly machineDetection?:
    | { readonly mode: MachineDetection; readonly callbackUrl: string; readonly timeoutSeconds?: number }
    | undefined
}

export interface PlacedCall {
  readonly callSid: string
  /** The carrier's word for where the call stands, e.g. `queued`. */
  readonly status: string
}

/** By what a call can be found whose create got no usable answer. */
export interface CallTraits {
  readonly to: string
  readonly from: string
  /** Epoch milliseconds: when we asked for it. */
  readonly since: number
}

export interface RecordingRequest {
  /** Where the carrier tells when the recording is ready, or failed. */
  readonly statusCallbackUrl: string
  /** `dual`: one channel for each side. */
  readonly channels: 'mono' | 'dual'
}

/**
 * Every method makes ONE request and never repeats it (but for `pointNumber`, which looks first); repeating is the
 * carrier-command statechart's decision. Rejects with {@link CarrierError}, or with the signal's reason when aborted.
 */
export interface Carrier {
  placeCall(request: PlaceCallRequest, signal?: AbortSignal): Promise<PlacedCall>
  /** The account's calls to `to`, from `from`, that were created no earlier than `since`, newest first; at most 20. */
  findCalls(traits: CallTraits, signal?: AbortSignal): Promise<readonly PlacedCall[]>
  /** Where a leg stands, in the carrier's words. Rejects with `CARRIER_NOT_FOUND` for one that it does not know. */
  fetchCall(callSid: string, signal?: AbortSignal): Promise<PlacedCall>
  /** Ends the leg. A leg that is already over, or unknown, is success. */
  hangUp(callSid: string, signal?: AbortSignal): Promise<void>
  /** Gives a leg in progress other TwiML to execute, which ends its media stream. */
  redirect(callSid: string, twiml: string, signal?: AbortSignal): Promise<void>
  /** Starts a recording of the leg; returns its RecordingSid. */
  startRecording(callSid: string, request: RecordingRequest, signal?: AbortSignal): Promise<string>
  /** A recording that is already so, or over, is success. */
  changeRecording(
    callSid: string,
    recordingSid: string,
    status: 'paused' | 'in-progress' | 'stopped',
    signal?: AbortSignal,
  ): Promise<void>
  /** Points a number's voice webhook (POST) at `voiceUrl`; returns what the carrier says of the number. */
  pointNumber(
    phoneNumber: string,
    voiceUrl: string,
    signal?: AbortSignal,
  ): Promise<{ readonly phoneNumber: string; readonly voiceUrl: string }>
}
