/** What a person on the line is about to say, in mu-law frames of 20 ms; a quiet line when there is nothing. */

export const FRAME_BYTES = 160
export const FRAME_MS = 20

/** A quiet telephone line alternates between the two mu-law zeros; it is not all 0xFF. */
const QUIET = Uint8Array.from({ length: FRAME_BYTES }, (_, index) => (index % 2 === 0 ? 0xff : 0x7f))

export interface Frame {
  readonly audio: Uint8Array
  readonly isSpeech: boolean
}

interface Utterance {
  readonly audio: Uint8Array
  position: number
  readonly finish: (isSaid: boolean) => void
}

export class SpeechQueue {
  #utterances: Utterance[] = []
  #refrain: Uint8Array = new Uint8Array()

  /** Queues mu-law audio; resolves with true when its last frame has left, with false when it was cut off before. */
  say(audio: Uint8Array): Promise<boolean> {
    if (audio.length === 0) return Promise.resolve(true)
    return new Promise((finish) => this.#utterances.push({ audio, position: 0, finish }))
  }

  /** Says this over and over whenever there is nothing else to say. */
  repeat(audio: Uint8Array): void {
    this.#refrain = audio
  }

  /** How long the rest takes to say, in milliseconds. */
  get pendingMs(): number {
    const bytes = this.#utterances.reduce((sum, { audio, position }) => sum + audio.length - position, 0)
    return (bytes / FRAME_BYTES) * FRAME_MS
  }

  /** Forgets what has not been said. */
  clear(): void {
    const cutOff = this.#utterances
    this.#utterances = []
    this.#refrain = new Uint8Array()
    for (const utterance of cutOff) utterance.finish(false)
  }

  /** The next 160 bytes; the last frame of an utterance is filled up with quiet. */
  nextFrame(): Frame {
    if (this.#utterances.length === 0) void this.say(this.#refrain)
    const [utterance] = this.#utterances
    if (utterance === undefined) return { audio: QUIET, isSpeech: false }
    const part = utterance.audio.subarray(utterance.position, utterance.position + FRAME_BYTES)
    utterance.position += part.length
    if (utterance.position >= utterance.audio.length) {
      this.#utterances.shift()
      utterance.finish(true)
    }
    if (part.length === FRAME_BYTES) return { audio: part, isSpeech: true }
    const frame = QUIET.slice()
    frame.set(part)
    return { audio: frame, isSpeech: true }
  }
}
