import { MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { ArrivalTime } from './arrival-time.ts'

/**
 * Somebody who keeps what a call sounds like at the far end. All times are on one line, in milliseconds of the call's
 * clock: `at` is when the first byte was said or heard there, plus the way from there to here. Gaps are silence. `mulaw`
 * is only valid during the call: its buffer is reused.
 */
export interface AudioTap {
  /** What the far end says. */
  inbound(mulaw: Uint8Array, at: number): void
  /** What it will hear, a little ahead of time. */
  outbound(mulaw: Uint8Array, at: number): void
  /** Nothing that was to be heard from `at` on is. */
  cut(at: number): void
  /** What one of these threw: it is asked no more. */
  fault(error: unknown): void
}

/** How long the distance to the carrier may stay unknown before it is taken for nothing. */
const PATIENCE_MS = 500
/** Audio is told in pieces that lie end to end, to this. */
const SEAM_MS = 1

export interface WiretapOptions {
  readonly now: () => number
  /** There and back, in milliseconds; undefined while it is not known. */
  readonly roundTripMs: () => number | undefined
}

/** Places what goes past it on the far end's time line, for everybody who taps the call. */
export class Wiretap {
  readonly #options: WiretapOptions
  readonly #arrival = new ArrivalTime()
  #taps: readonly AudioTap[] = []
  /** What was said by us before the distance was known. */
  #early: (() => void)[] = []
  #waitsSince: number | undefined
  #isPlaced = false
  #distanceMs = 0
  /** Where, without the distance, what was said last ends. */
  #endsAt = Number.NEGATIVE_INFINITY

  constructor(options: WiretapOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#taps.length === 0
  }

  add(tap: AudioTap): void {
    this.#taps = this.#taps.concat(tap)
  }

  remove(tap: AudioTap): void {
    // Nobody waits for it any more.
    if (this.#taps.includes(tap)) this.#placeEarly()
    this.#taps = this.#taps.filter((other) => other !== tap)
  }

  /** A stream was attached. */
  noteAttached(): void {
    this.#arrival.reset()
  }

  /** The far end has said something, which came just now. */
  hear(mulaw: Uint8Array): void {
    this.#knowDistance()
    const at = this.#arrival.place(mulaw.length / MULAW_BYTES_PER_MS, this.#options.now())
    this.#tell((tap) => tap.inbound(mulaw, at))
  }

  /** We have said something, which a carrier next door would begin to play at `at`. */
  say(mulaw: Uint8Array, at: number): void {
    if (this.#knowDistance()) return this.#place(mulaw, at)
    const copy = mulaw.slice()
    this.#early.push(() => this.#place(copy, at))
  }

  /** A carrier next door would play nothing more of it from `at` on. */
  cut(at: number): void {
    if (this.#knowDistance()) return this.#cut(at)
    this.#early.push(() => this.#cut(at))
  }

  #place(mulaw: Uint8Array, at: number): void {
    // Within one stretch of speech the distance stays what it was, or the seams would be heard.
    if (at > this.#endsAt + SEAM_MS) this.#distanceMs = this.#options.roundTripMs() ?? 0
    this.#endsAt = at + mulaw.length / MULAW_BYTES_PER_MS
    this.#tell((tap) => tap.outbound(mulaw, at + this.#distanceMs))
  }

  #cut(at: number): void {
    this.#endsAt = Math.min(this.#endsAt, at)
    this.#tell((tap) => tap.cut(at + this.#distanceMs))
  }

  /** False while it pays to wait a little longer. */
  #knowDistance(): boolean {
    if (this.#isPlaced) return true
    const now = this.#options.now()
    this.#waitsSince ??= now
    if (this.#options.roundTripMs() === undefined && now - this.#waitsSince < PATIENCE_MS) return false
    this.#placeEarly()
    return true
  }

  #placeEarly(): void {
    this.#isPlaced = true
    const early = this.#early
    this.#early = []
    for (const place of early) place()
  }

  #tell(act: (tap: AudioTap) => void): void {
    for (const tap of this.#taps) {
      try {
        act(tap)
      } catch (error) {
        this.#taps = this.#taps.filter((other) => other !== tap)
        tap.fault(error)
      }
    }
  }
}
