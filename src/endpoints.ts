/** The addresses at which the carrier reaches us, all built from the one public origin it was given. */
export interface Endpoints {
  /** The media socket. */
  readonly streamUrl: string
  /** Asked for what comes next when a stream has ended. */
  readonly nextUrl: string
  readonly voiceUrl: string
  /** Status callbacks of one call; they may overtake the answer that would have told us its CallSid. */
  statusUrl(callId: string): string
}

export const STREAM_PATH = '/ws'
export const VOICE_PATH = '/twiml'
export const NEXT_PATH = '/twiml/next'
export const STATUS_PATH = '/status'
/** The query parameter of a status URL that carries our id. */
export const STATUS_CALL = 'call'

/** @param publicUrl the public origin, without a trailing slash. */
export function createEndpoints(publicUrl: string): Endpoints {
  return {
    streamUrl: publicUrl.replace(/^http/, 'ws') + STREAM_PATH,
    nextUrl: publicUrl + NEXT_PATH,
    voiceUrl: publicUrl + VOICE_PATH,
    statusUrl: (callId) => `${publicUrl}${STATUS_PATH}?${STATUS_CALL}=${callId}`,
  }
}
