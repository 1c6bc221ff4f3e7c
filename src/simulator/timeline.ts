/** What a person heard, put together from the streams and bridges of the call, in the order of time. */

import { decodeMulaw } from '../audio/g711.ts'
import { type PlayoutBuffer, SAMPLES_PER_MS } from './playout-buffer.ts'

/** A media stream, or one end of a bridge. */
export interface Audible {
  /** Undefined before there is anything to hear. */
  readonly playout: PlayoutBuffer | undefined
  /** The time at which listening stopped, or now. */
  readonly heardUntil: number
}

/** 8 kHz samples from one time of the clock to another; zero where the line was silent. */
export function renderHeard(sources: readonly Audible[], fromMs: number, untilMs: number): Int16Array {
  const heard = new Int16Array(Math.max(0, Math.round((untilMs - fromMs) * SAMPLES_PER_MS)))
  for (const { playout, heardUntil } of sources) {
    if (playout === undefined) continue
    const offset = Math.round((playout.originMs - fromMs) * SAMPLES_PER_MS)
    for (const { at, audio } of playout.heard(heardUntil)) {
      const start = offset + at
      const room = heard.length - start
      if (start >= 0 && room > 0) decodeMulaw(audio.subarray(0, room), heard.subarray(start))
    }
  }
  return heard
}
