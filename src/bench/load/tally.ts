/** What the callers noticed, all streams together, since `begin`. Durations in milliseconds. */
export class Tally {
  /** From sending a marked frame, or a ping, to the arrival of the message that brings it back. */
  echoMs: number[] = []
  /** The same up to the moment at which the caller begins to hear it. */
  heardMs: number[] = []
  /** From sending a digit to the arrival of the clear that answers it. */
  bargeInMs: number[] = []
  /** From sending `start` to the arrival of the first audio; of the calls set up since the window before, too. */
  firstAudioMs: number[] = []
  /** For how long a caller heard nothing, less what was this process's own lateness: the longest. */
  worstGapMs = 0
  /** Gaps of more than {@link GAP_MS}. */
  gaps = 0
  framesSent = 0
  /** 20 ms each. */
  framesHeard = 0
  messagesReceived = 0
  /** Frames not sent since the server did not read. */
  discarded = 0
  /** Why streams were lost. */
  losses: string[] = []

  begin(): void {
    const { firstAudioMs } = this
    Object.assign(this, new Tally(), { firstAudioMs })
  }

  noteGap(gapMs: number): void {
    this.worstGapMs = Math.max(this.worstGapMs, gapMs)
    if (gapMs > GAP_MS) this.gaps += 1
  }
}

/** What the caller hears as a gap, and two frames in a row. */
export const GAP_MS = 40
