/**
 * What we say to Twilio on the media socket. Exactly the documented keys and no others: Twilio answers an extra one
 * with warning 31951. By concatenation, because `media` is written fifty times a second and call.
 * https://www.twilio.com/docs/voice/media-streams/websocket-messages#send-websocket-messages-to-twilio
 */

import type { StreamSid } from './ids.ts'

/** Audio to append to the carrier's buffer: base64 of raw mu-law, 8000 Hz mono, any length, with no file header. */
export function mediaMessage(streamSid: StreamSid, payloadBase64: string): string {
  return `{"event":"media","streamSid":"${streamSid}","media":{"payload":"${payloadBase64}"}}`
}

/** A mark, echoed when all audio before it was played or cleared. `name` may be any text. */
export function markMessage(streamSid: StreamSid, name: string): string {
  return `{"event":"mark","streamSid":"${streamSid}","mark":{"name":${JSON.stringify(name)}}}`
}

/** Empties the carrier's buffer at once; every mark in it is echoed. */
export function clearMessage(streamSid: StreamSid): string {
  return `{"event":"clear","streamSid":"${streamSid}"}`
}
