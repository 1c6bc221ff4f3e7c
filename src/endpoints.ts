/** The addresses at which the carrier reaches us, all built from the one public origin it was given. */
export interface Endpoints {
  /** The media socket. */
  readonly streamUrl: string
  /** Asked for what comes next when a stream has ended. */
  readonly nextUrl: string
  readonly voiceUrl: string
  /** Status callbacks of one call; they may overtake the answer that would have told us its CallSid. */
  statusUrl(callId: string): string
  /** The verdict of one call's machine detection. */
  detectedUrl(callId: string): string
  /** Asked for what comes next when somebody who was dialled for a call is gone. */
  dialledActionUrl(callId: string): string
  /** Status callbacks of the leg that is dialled for a call. */
  dialledUrl(callId: string): string
  /** Told when a recording of the call is ready. */
  recordedUrl(callId: string): string
}

export const STREAM_PATH = '/ws'
export const VOICE_PATH = '/twiml'
export const NEXT_PATH = '/twiml/next'
export const STATUS_PATH = '/status'
export const DETECTED_PATH = '/detected'
export const DIALLED_ACTION_PATH = '/twiml/dialled'
export const DIALLED_PATH = '/dialled'
export const RECORDED_PATH = '/recorded'
/** The query parameter of a callback's URL that carries our id. */
export const CALLBACK_CALL = 'call'

/**
 * Has the carrier ask again, whatever goes wrong: a server that is being started anew answers some seconds later. A
 * fragment is an instruction to Twilio, and no part of what it asks for or signs.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
const TRY_AGAIN = '#rc=5&rp=all'

/** @param publicUrl the public origin, without a trailing slash. */
export function createEndpoints(publicUrl: string): Endpoints {
  const ofCall = (path: string) => (callId: string) => `${publicUrl}${path}?${CALLBACK_CALL}=${callId}`
  return {
    streamUrl: publicUrl.replace(/^http/, 'ws') + STREAM_PATH,
    nextUrl: `${publicUrl}${NEXT_PATH}${TRY_AGAIN}`,
    voiceUrl: publicUrl + VOICE_PATH,
    statusUrl: ofCall(STATUS_PATH),
    detectedUrl: ofCall(DETECTED_PATH),
    dialledActionUrl: ofCall(DIALLED_ACTION_PATH),
    dialledUrl: ofCall(DIALLED_PATH),
    recordedUrl: ofCall(RECORDED_PATH),
  }
}
