/**
 * The carrier's buffer of audio on its way to the caller's ear, as a pure function of time: since it drains in real
 * time, everything that will be heard, and when, is known as soon as it is written, until a clear takes the rest away.
 * It holds bytes and times; sockets, timers and messages are the media stream's.
 *
 * Times are the clock's milliseconds; positions are 8 kHz samples (one mu-law byte each) since `originMs`.
 *
 * Invariants:
 * I1 audio is heard in the order written, without overlap: a piece starts when the one before it ends, or when it came;
 * I2 a mark is due when all the audio written before it has been heard, which is at once when none is waiting;
 * I3 a clear takes away what has not been heard yet and makes every waiting mark due, first in, first out;
 * I4 heard plus waiting plus cleared plus refused equals all that was ever written.
 *
 * https://www.twilio.com/docs/voice/media-streams/websocket-messages#send-websocket-messages-to-twilio
 */

export const SAMPLES_PER_MS = 8

/** Twilio accepts no more once ten minutes are waiting: https://www.twilio.com/docs/api/errors/31931 */
const LIMIT_MS = 600_000
/** A dry spell of this length or longer is a pause in the conversation, not a fault of the sender. */
const UNDERRUN_BELOW_MS = 1_000

export interface HeardPiece {
  /** Where it starts, in samples since the origin. */
  readonly at: number
  /** mu-law. */
  readonly audio: Uint8Array
}

interface WaitingMark {
  readonly at: number
  readonly name: string
}

export class PlayoutBuffer {
  readonly originMs: number
  /** Dry spells shorter than a second between two pieces of audio, not counting those with a clear in them. */
  underruns = 0
  readonly #limit: number
  readonly #pieces: HeardPiece[] = []
  #marks: WaitingMark[] = []
  /** Where the last piece ends. */
  #end = 0
  #written = 0
  #mayUnderrun = false

  constructor(options: { readonly originMs: number; readonly limitMs?: number }) {
    this.originMs = options.originMs
    this.#limit = (options.limitMs ?? LIMIT_MS) * SAMPLES_PER_MS
  }

  /** Appends mu-law audio that came now; returns how many bytes there was room for. */
  write(audio: Uint8Array, nowMs: number): number {
    const accepted = audio.subarray(0, this.#limit - this.#waiting(nowMs))
    if (accepted.length === 0) return 0
    const at = Math.max(this.#position(nowMs), this.#end)
    const dry = at - this.#end
    if (this.#mayUnderrun && dry > 0 && dry < UNDERRUN_BELOW_MS * SAMPLES_PER_MS) this.underruns += 1
    this.#pieces.push({ at, audio: accepted })
    this.#end = at + accepted.length
    this.#written += accepted.length
    this.#mayUnderrun = true
    return accepted.length
  }

  /** Sets a mark behind everything written so far; ask {@link takeDueMarks} whether it is due already. */
  mark(name: string, nowMs: number): void {
    this.#marks.push({ at: Math.max(this.#end, this.#position(nowMs)), name })
  }

  /** Takes away all that has not been heard. Returns the names of the marks that waited, in their order. */
  clear(nowMs: number): string[] {
    this.#cut(this.#position(nowMs))
    this.#mayUnderrun = false
    const names = this.#marks.map((mark) => mark.name)
    this.#marks = []
    return names
  }

  /** The marks whose audio has been heard by now, each returned once, in their order. */
  takeDueMarks(nowMs: number): string[] {
    const position = this.#position(nowMs)
    const due = this.#marks.filter((mark) => mark.at <= position)
    if (due.length > 0) this.#marks = this.#marks.slice(due.length)
    return due.map((mark) => mark.name)
  }

  /** When the next mark falls due, in the clock's milliseconds. */
  get nextMarkMs(): number | undefined {
    const next = this.#marks[0]
    return next && this.originMs + next.at / SAMPLES_PER_MS
  }

  bufferedMs(nowMs: number): number {
    return this.#waiting(nowMs) / SAMPLES_PER_MS
  }

  /** How much audio has really been heard, in milliseconds, not counting silence. */
  heardMs(nowMs: number): number {
    return (this.#written - this.#waiting(nowMs)) / SAMPLES_PER_MS
  }

  /** What has been heard by now, in order; between the pieces the line was silent. */
  heard(nowMs: number): HeardPiece[] {
    const position = this.#position(nowMs)
    const started = this.#pieces.filter((piece) => piece.at < position)
    return started.map(({ at, audio }) => ({ at, audio: audio.subarray(0, position - at) }))
  }

  #position(nowMs: number): number {
    return Math.round((nowMs - this.originMs) * SAMPLES_PER_MS)
  }

  /** What is waiting is always contiguous up to the end (I1). */
  #waiting(nowMs: number): number {
    return Math.max(0, this.#end - this.#position(nowMs))
  }

  #cut(position: number): void {
    if (this.#end <= position) return
    this.#written -= this.#end - position
    this.#end = position
    while ((this.#pieces.at(-1)?.at ?? -1) >= position) this.#pieces.pop()
    const last = this.#pieces.pop()
    if (last) this.#pieces.push({ at: last.at, audio: last.audio.subarray(0, position - last.at) })
  }
}
