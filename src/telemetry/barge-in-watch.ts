/**
 * How long the agent took to fall silent for somebody who spoke over it. What it says on top of somebody who talks
 * already is no barge-in, nor is what it cuts after they have finished.
 */
export class BargeInWatch {
  #agent: 'quiet' | 'speaking' = 'quiet'
  #talksSince: number | undefined

  /** An edge of the call, at `now`. Returns milliseconds when it ends a barge-in. */
  note(edge: string, now: number): number | undefined {
    switch (edge) {
      case 'playback.started':
        this.#agent = 'speaking'
        return undefined
      case 'speech.started':
        if (this.#agent === 'speaking') this.#talksSince = now
        return undefined
      case 'speech.ended':
        this.#talksSince = undefined
        return undefined
      case 'playback.drained':
        return this.#fallSilent(undefined)
      case 'playback.cleared':
        return this.#fallSilent(now)
      default:
        return undefined
    }
  }

  #fallSilent(cutAt: number | undefined): number | undefined {
    const since = this.#talksSince
    this.#agent = 'quiet'
    this.#talksSince = undefined
    return since === undefined || cutAt === undefined ? undefined : Math.max(0, cutAt - since)
  }
}
