/** Plays a script on one media stream, each cue at its time; those a late event loop has missed follow at once. */

import type { Clock, Timer } from '../clock.ts'
import type { Beat } from './frame-beat.ts'
import type { Cue, StreamScript } from './replay-script.ts'
import type { Frame } from './speech-queue.ts'

export interface ReplayActions {
  send(timestamp: number, frame: Frame): void
  press(digit: string): void
  lose(): void
  fallSilent(): void
  hangUp(): void
}

export class ReplayBeat implements Beat {
  readonly #script: StreamScript
  readonly #clock: Clock
  readonly #actions: ReplayActions
  #startedAt = 0
  #next = 0
  #skippedMs = 0
  #isMuted = false
  #isStopped = false
  #timer: Timer

  constructor(script: StreamScript, clock: Clock, actions: ReplayActions) {
    this.#script = script
    this.#clock = clock
    this.#actions = actions
  }

  start(): void {
    this.#startedAt = this.#clock.now()
    this.#arm()
  }

  stop(): void {
    this.#isStopped = true
    this.#clock.clearTimeout(this.#timer)
  }

  mute(): void {
    this.#isMuted = true
  }

  unmute(): void {
    this.#isMuted = false
  }

  skip(ms: number): void {
    this.#skippedMs += ms
  }

  #arm(): void {
    const cue = this.#script.cues[this.#next]
    if (cue === undefined || this.#isStopped) return
    const delay = this.#startedAt + cue.at - this.#clock.now()
    this.#timer = this.#clock.setTimeout(() => this.#play(), Math.max(0, delay))
  }

  #play(): void {
    const now = this.#clock.now()
    for (;;) {
      const cue = this.#script.cues[this.#next]
      if (cue === undefined || this.#isStopped || this.#startedAt + cue.at > now) break
      this.#next += 1
      this.#do(cue)
    }
    this.#arm()
  }

  #do(cue: Cue): void {
    switch (cue.do) {
      case 'send':
        if (this.#isMuted) return
        return this.#actions.send(cue.timestampMs + this.#skippedMs, { audio: cue.audio, isSpeech: true })
      case 'press':
        return this.#actions.press(cue.digit)
      case 'lose':
        return this.#actions.lose()
      case 'fallSilent':
        return this.#actions.fallSilent()
      case 'hangUp':
        return this.#actions.hangUp()
    }
  }
}
