/** A finished (or running) call in figures, as the person on the line had it. */

import type { SimulatedCall } from './call.ts'
import { measureRoundTrip, type RoundTrip } from './round-trip.ts'
import type { Warning } from './warnings.ts'

export interface CallReport {
  /** Frames of 20 ms sent to the server. */
  readonly framesSent: number
  /** Media messages that came from the server, of whatever length. */
  readonly framesHeard: number
  /** mu-law bytes that came from the server. */
  readonly bytes: number
  /** From the first `start` to the first audio of the server; undefined when none came. */
  readonly firstAudioMs: number | undefined
  /** Dry spells of less than a second in the server's audio, not counting those with a clear in them. */
  readonly underruns: number
  /** Media messages that came more than 20 ms after the audio before them had run out. */
  readonly gaps: number
  /** The longest interval between two media messages while the server was speaking. */
  readonly worstGapMs: number
  /** From the sending of a frame to the moment its echo is heard; undefined when the server does not echo. */
  readonly roundTripMs: RoundTrip | undefined
  /** Audio of the server that was really played, without silence. */
  readonly heardMs: number
  readonly warnings: readonly Warning[]
}

export function reportOf(call: SimulatedCall): CallReport {
  const { streams, warnings } = call
  const first = streams.find((stream) => stream.firstAudioAt !== undefined)
  const sum = (figure: (stream: (typeof streams)[number]) => number): number =>
    streams.reduce((total, stream) => total + figure(stream), 0)
  return {
    framesSent: sum((stream) => stream.framesSent),
    framesHeard: sum((stream) => stream.mediaReceived),
    bytes: sum((stream) => stream.bytesReceived),
    firstAudioMs: first && (first.firstAudioAt ?? 0) - (first.startedAt ?? 0),
    underruns: sum((stream) => stream.playout?.underruns ?? 0),
    gaps: sum((stream) => stream.pacing.gaps),
    worstGapMs: Math.max(0, ...streams.map((stream) => stream.pacing.worstGapMs)),
    roundTripMs: measureRoundTrip(streams),
    heardMs: call.positionHeardMs,
    warnings: [...warnings],
  }
}
