/** What a person on the line is about to say, in mu-law frames of 20 ms; a quiet line when there is nothing. */

export const FRAME_BYTES = 160
export const FRAME_MS = 20

/** A quiet telephone line alternates between the two mu-law zeros; it is not all 0xFF. */
const QUIET = Uint8Array.from({ length: FRAME_BYTES }, (_, index) => (index % 2 === 0 ? 0xff : 0x7f))

export interface Frame {
  readonly audio: Uint8Array
  readonly isSpeech: boolean
}

/** One thing said; `isSaid` once its last frame has left. */
export interface Utterance {
  readonly isSaid: boolean
}

interface PendingUtterance {
  readonly audio: Uint8Array
  position: number
  isSaid: boolean
}

export class SpeechQueue {
  readonly #pending: PendingUtterance[] = []

  /** Queues mu-law audio behind what is still to be said. */
  push(audio: Uint8Array): Utterance {
    const utterance: PendingUtterance = { audio, position: 0, isSaid: audio.length === 0 }
    if (!utterance.isSaid) this.#pending.push(utterance)
    return utterance
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  /** Forgets what has not been said. */
  clear(): void {
    this.#pending.length = 0
  }

  /** The next 160 bytes; the last frame of an utterance is filled up with quiet. */
  nextFrame(): Frame {
    const utterance = this.#pending[0]
    if (utterance === undefined) return { audio: QUIET, isSpeech: false }
    const part = utterance.audio.subarray(utterance.position, utterance.position + FRAME_BYTES)
    utterance.position += part.length
    if (utterance.position >= utterance.audio.length) {
      utterance.isSaid = true
      this.#pending.shift()
    }
    if (part.length === FRAME_BYTES) return { audio: part, isSpeech: true }
    const frame = QUIET.slice()
    frame.set(part)
    return { audio: frame, isSpeech: true }
  }
}
