/**
 * The hot path: fifty times a second and call, one media message in the shape Twilio sends it.
 *
 * One anchored expression matches the whole text or nothing, so there is nothing to be fooled by: a match is valid
 * JSON with exactly these keys, once each, in this order, and no value that could hold a quote or an escape. Anything
 * else, however legitimate (another order, spaces, a new field), is left to the schema. Measured on Node 20, it takes
 * half the time of JSON.parse alone; a cursor with indexOf and slices took twice as long as the expression.
 */

import { isStreamSid, type StreamSid } from './ids.ts'

/** One frame of audio from the carrier. https://www.twilio.com/docs/voice/media-streams/websocket-messages#media-message */
export interface MediaMessage {
  readonly event: 'media'
  readonly streamSid: StreamSid
  /** Counts every message of the stream, from 1 for `start`. */
  readonly sequenceNumber: number
  readonly track: 'inbound' | 'outbound'
  /** Counts the media messages of the stream, from 1. */
  readonly chunk: number
  /** Milliseconds since the stream's start; the first is not 0, and steps jitter around a frame's length. */
  readonly timestampMs: number
  /** Base64 of raw audio in the format that `start` named; 20 ms are usual, not promised. */
  readonly payload: string
}

const MEDIA =
  /^\{"event":"media","sequenceNumber":"(\d{1,15})","media":\{"track":"(inbound|outbound)","chunk":"(\d{1,15})","timestamp":"(\d{1,15})","payload":"([A-Za-z0-9+/]*={0,2})"\},"streamSid":"(MZ\w{32})"\}$/

/** The media message in `text`, or undefined if it is written in any way but the usual one. */
export function scanMedia(text: string): MediaMessage | undefined {
  const match = MEDIA.exec(text)
  if (match === null) return undefined
  const [, sequenceNumber, track, chunk, timestamp, payload = '', streamSid] = match
  if (!isStreamSid(streamSid)) return undefined
  return {
    event: 'media',
    streamSid,
    sequenceNumber: Number(sequenceNumber),
    track: track === 'inbound' ? 'inbound' : 'outbound',
    chunk: Number(chunk),
    timestampMs: Number(timestamp),
    payload,
  }
}
