import { FRAME_MS, MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { Histogram } from './histogram.ts'

/** A longer gap within a playback is a pause of its source, not a failure to keep up. */
const PAUSE_MS = 1_000

/** One byte in so many is timed: 100 ms apart. */
const PROBE_EVERY_BYTES = 100 * MULAW_BYTES_PER_MS

interface Probe {
  readonly position: number
  readonly at: number
}

export interface SendState {
  /** The message goes on with a playback that was begun. */
  readonly isMidway: boolean
  /** The carrier had played all it had. */
  readonly isDry: boolean
}

/** How steadily audio goes out, and how long it waited. */
export class Cadence {
  /** From encoding to sending. */
  readonly waitMs = new Histogram()
  /** 20 ms frames, several of which may go in one message. */
  framesOut = 0
  bytesOut = 0
  /** How often the carrier ran dry in the middle of a playback. */
  underruns = 0
  /** Longest time between two messages of one playback. */
  worstSendGapMs = 0
  /** From attaching the first stream to the first audio sent; undefined before. */
  firstAudioMs: number | undefined
  #firstAttachedAt: number | undefined
  #lastSentAt = Number.NEGATIVE_INFINITY
  /** Bytes being timed on their way through the ring. */
  #probes: Probe[] = []

  /** A stream was attached: what was missed without one was nobody's lateness. */
  noteAttached(now: number): void {
    this.#firstAttachedAt ??= now
    this.#lastSentAt = Number.NEGATIVE_INFINITY
    this.forgetWaiting()
  }

  /** The byte before `position` was encoded. */
  noteEncoded(position: number, now: number): void {
    if (position - (this.#probes.at(-1)?.position ?? 0) >= PROBE_EVERY_BYTES) this.#probes.push({ position, at: now })
  }

  /** What waited was taken out, or could not go out. */
  forgetWaiting(): void {
    this.#probes = []
  }

  /** A message goes out that takes what was sent up to `position`. */
  noteSent(bytes: number, position: number, now: number, { isMidway, isDry }: SendState): void {
    this.bytesOut += bytes
    this.framesOut = Math.ceil(this.bytesOut / (FRAME_MS * MULAW_BYTES_PER_MS))
    this.firstAudioMs ??= now - (this.#firstAttachedAt ?? now)
    for (let probe = this.#probes[0]; probe !== undefined && probe.position <= position; probe = this.#probes[0]) {
      this.waitMs.record(now - probe.at)
      this.#probes.shift()
    }
    const gap = now - this.#lastSentAt
    this.#lastSentAt = now
    if (!isMidway || gap > PAUSE_MS) return
    this.worstSendGapMs = Math.max(this.worstSendGapMs, gap)
    if (isDry) this.underruns += 1
  }
}
