/** The carrier as the rest of the program needs it: three commands, each of which settles or rejects with CarrierError. */

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
}

export interface PlacedCall {
  readonly callSid: string
  /** The carrier's word for where the call stands, e.g. `queued`. */
  readonly status: string
}

/**
 * Every method makes ONE request and never repeats it; repeating is the carrier-command statechart's decision.
 * Rejects with {@link CarrierError}, or with the signal's reason when aborted.
 */
export interface Carrier {
  placeCall(request: PlaceCallRequest, signal?: AbortSignal): Promise<PlacedCall>
  /** Ends the leg. A leg that is already over, or unknown, is success. */
  hangUp(callSid: string, signal?: AbortSignal): Promise<void>
  /** Points a number's voice webhook (POST) at `voiceUrl`; returns what the carrier says of the number. */
  pointNumber(
    phoneNumber: string,
    voiceUrl: string,
    signal?: AbortSignal,
  ): Promise<{ readonly phoneNumber: string; readonly voiceUrl: string }>
}
