import type { CallSession } from '../actors/call-session.ts'
import type { Clock } from '../clock.ts'
import type { CallAudioRecorder, CallAudioTape } from '../recording/call-audio.ts'

/** What is said in one call, kept from its first stream to its end: each side in a channel of its own. */
export class KeptAudio {
  readonly #session: CallSession
  readonly #clock: Clock
  readonly #recorder: CallAudioRecorder
  #tape: CallAudioTape | undefined
  #stopTap: (() => void) | undefined

  constructor(recorder: CallAudioRecorder, session: CallSession, clock: Clock) {
    this.#recorder = recorder
    this.#session = session
    this.#clock = clock
  }

  /** The call can be heard from now on. Once. */
  begin(): void {
    if (this.#tape !== undefined) return
    this.#tape = this.#recorder.open(this.#session.facts.id, this.#clock.now())
    this.#stopTap = this.#session.plane.tap(this.#tape)
  }

  /** After the session was released. Resolves when the file is whole, or known to be lost; the account tells where it is. */
  async end(): Promise<void> {
    // What waited for its place in time goes to the file now.
    this.#stopTap?.()
    const audioFile = await this.#tape?.close()
    if (audioFile !== undefined) this.#session.account.note({ audioFile })
  }
}
