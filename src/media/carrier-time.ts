/** Twilio's timestamps jitter by a few milliseconds around multiples of 20, and one frame's loss is not heard as a gap. */
const JUMP_MS = 40
const LONGEST_FILL_MS = 10_000

/**
 * How the carrier's timestamps stand against the audio that has come: where they run ahead, audio was lost.
 *
 * `timestamp` counts milliseconds from the start of the stream, and its first value is not 0:
 * https://www.twilio.com/docs/voice/media-streams/websocket-messages#media-message
 */
export class CarrierTime {
  /** What `timestamp` would be had nothing been lost, less the audio that has come. */
  #originMs: number | undefined
  #deliveredMs = 0

  /** A fresh stream counts anew. */
  reset(): void {
    this.#originMs = undefined
    this.#deliveredMs = 0
  }

  /** Audio was handed on, be it the carrier's or silence in its place. */
  noteDelivered(durationMs: number): void {
    this.#deliveredMs += durationMs
  }

  /** Milliseconds of silence that belong before the audio of `timestampMs`: 0, or 40 to 10,000. */
  gapBefore(timestampMs: number): number {
    this.#originMs ??= timestampMs
    const missingMs = timestampMs - this.#originMs - this.#deliveredMs
    if (Math.abs(missingMs) <= JUMP_MS) return 0
    const fillMs = Math.min(Math.max(0, missingMs), LONGEST_FILL_MS)
    // Time went backwards, or further ahead than is filled: it counts from here.
    if (fillMs !== missingMs) this.#originMs = timestampMs - this.#deliveredMs - fillMs
    return fillMs
  }
}
