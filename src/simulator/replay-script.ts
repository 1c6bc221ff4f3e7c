/** The carrier's part in a recorded call: what it did and when, as far as it was the carrier's own doing. */

import { isFarEnding, isOwnEnding } from '../recording/course.ts'
import type { Recording } from '../recording/recording.ts'
import type { Line } from '../recording/schema.ts'

/** `at` is milliseconds since the stream's `start`. */
export type Cue =
  | { readonly at: number; readonly do: 'send'; readonly timestampMs: number; readonly audio: Uint8Array }
  | { readonly at: number; readonly do: 'press'; readonly digit: string }
  /** The socket is gone without `stop`. */
  | { readonly at: number; readonly do: 'lose' }
  /** The network swallows everything from now on, and neither side is told. */
  | { readonly at: number; readonly do: 'fallSilent' }
  | { readonly at: number; readonly do: 'hangUp' }

export interface StreamScript {
  /** From the TwiML to the opening of the socket. */
  readonly opensAfterMs: number
  readonly cues: readonly Cue[]
}

export interface CallScript {
  readonly streams: readonly StreamScript[]
  /** The far end hung up without a stream to say so, this long after the call came in. */
  readonly hangsUpAtMs: number | undefined
  readonly lengthMs: number
}

/** `start` follows the opening of a socket after this long. */
const START_DELAY_MS = 5
/** A stream of which nothing was heard for this long before the server gave it up had fallen silent. */
const SILENT_MS = 1_000
/** A key that was left out of the recording. */
const ANY_KEY = '0'

export function scriptOf({ lines }: Recording): CallScript {
  // What the carrier did after the server had ended the call, it did because of that.
  const ownEnding = lines.findIndex(isOwnEnding)
  const free = ownEnding < 0 ? lines : lines.slice(0, ownEnding)
  const starts = lines.filter((line) => line.what === 'received' && line.message.event === 'start')
  const ending = free.find(isFarEnding)
  return {
    streams: starts.map((start) => streamScript(start, lines, free)),
    hangsUpAtMs: ending?.what === 'webhook' ? ending.at : undefined,
    lengthMs: lines.at(-1)?.at ?? 0,
  }
}

function streamScript(start: Line, lines: readonly Line[], free: readonly Line[]): StreamScript {
  const before = lines.slice(0, lines.indexOf(start))
  const answer = before.findLast((line) => line.what === 'webhook' && line.twiml === 'Connect')
  const waited = answer === undefined ? 0 : start.at - answer.at
  const own = lines.filter((line) => 'stream' in line && 'stream' in start && line.stream === start.stream)
  // Frames go on until the carrier has heard of the end.
  const cues = own.flatMap((line) => {
    const cue = toCue(line, line.at - start.at)
    return cue === undefined || (cue.do !== 'send' && !free.includes(line)) ? [] : [cue]
  })
  return {
    opensAfterMs: Math.max(0, waited - START_DELAY_MS),
    cues: hasFallenSilent(own, lines) ? [...cues, { at: cues.at(-1)?.at ?? 0, do: 'fallSilent' }] : cues,
  }
}

/** The carrier never learnt that we gave the stream up: it did not ask what comes next. */
function hasFallenSilent(own: readonly Line[], lines: readonly Line[]): boolean {
  const closed = own.findLast((line) => line.what === 'sent' && line.message.event === 'close')
  const heard = own.findLast((line) => line.what === 'received' || line.what === 'lost')
  if (closed === undefined || heard === undefined || closed.at - heard.at < SILENT_MS) return false
  const after = lines.slice(lines.indexOf(closed))
  return heard.what === 'received' && after.every((line) => line.what !== 'webhook' || line.route !== 'next')
}

function toCue(line: Line, at: number): Cue | undefined {
  if (line.what === 'lost') return { at, do: 'lose' }
  if (line.what !== 'received') return undefined
  const { message } = line
  switch (message.event) {
    case 'media': {
      const { timestampMs, payload, bytes } = message
      const audio = payload === undefined ? quiet(bytes) : Buffer.from(payload, 'base64')
      return { at, do: 'send', timestampMs, audio }
    }
    case 'dtmf':
      return { at, do: 'press', digit: message.digit ?? ANY_KEY }
    case 'stop':
      return { at, do: 'hangUp' }
    default:
      // Marks are echoed as the server sends them, not as they were.
      return undefined
  }
}

/** A quiet line in mu-law: the two zeros in turn. */
function quiet(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index % 2 === 0 ? 0xff : 0x7f))
}
