import { MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { EchoWatch } from './echo-watch.ts'

/**
 * What the far end has HEARD of what was sent, and until when the carrier has audio.
 *
 * Positions are bytes sent since the call began (8 a millisecond). An echoed mark proves a position; between marks the
 * clock carries on from the last proof, never past what was sent.
 *
 * Invariants
 * - L1 `heard` never exceeds `sent` and never decreases: where an echo shows that the clock ran ahead, it waits.
 * - L2 A mark of an earlier generation (sent before a `clear`) proves nothing: carriers echo cleared marks too.
 * - L3 Marks are retired by `clear` itself, and else when they are overdue: an echo that never comes holds nothing up.
 * - L4 The carrier has what the clock says, unless its echoes show for a while that it has more: then that much more.
 */

interface PendingMark {
  readonly name: string
  readonly position: number
  /** When its audio has been played, by the clock. */
  readonly dueAt: number
}

/** An echo this late will not come: the clock then decides what was heard. */
const ECHO_GRACE_MS = 2_000

export class PlaybackLedger {
  readonly #owner: string
  readonly #echoes = new EchoWatch()
  #sent = 0
  #proven = 0
  #marked = 0
  /** The most that was ever told as heard. */
  #told = 0
  /** A position known to have been heard, and when. */
  #anchor = { position: 0, at: 0 }
  /** When the carrier has played all it was sent. */
  #dryAt = Number.NEGATIVE_INFINITY
  #generation = 0
  #marks: PendingMark[] = []
  #sequence = 0

  /** @param owner begins the names of its marks, so that two ledgers of one stream never take the other's for theirs. */
  constructor(owner = 'g') {
    this.#owner = owner
  }

  get sent(): number {
    return this.#sent
  }

  /** Up to where a mark has proved that the far end heard it, or nothing can be heard any more. */
  get proven(): number {
    return this.#proven
  }

  /** Up to where marks are out, or none is needed any more. */
  get marked(): number {
    return this.#marked
  }

  get marksPending(): number {
    return this.#marks.length
  }

  /** Milliseconds of audio the carrier still holds at `now`; negative: for how long it has been dry. */
  aheadMs(now: number): number {
    return this.#dryAt - now
  }

  noteSent(bytes: number, now: number): void {
    if (this.#dryAt <= now) {
      // The carrier had run dry: this audio is heard from now on.
      this.#anchor = { position: this.#reckon(now), at: now }
      this.#dryAt = now
    }
    this.#sent += bytes
    this.#dryAt += bytes / MULAW_BYTES_PER_MS
  }

  /** A name for a mark at the present end of what was sent. */
  placeMark(now: number): string {
    this.#sequence += 1
    const name = `${this.#owner}${this.#generation}-${this.#sequence}`
    const dueAt = Math.max(now, this.#dryAt)
    this.#marks.push({ name, position: this.#sent, dueAt })
    this.#echoes.placed(name, dueAt)
    this.#marked = this.#sent
    return name
  }

  /** An echoed mark; false when it is stale, unknown or told twice. */
  noteMark(name: string, now: number): boolean {
    this.#dryAt += this.#echoes.echoed(name, now)
    const index = this.#marks.findIndex((mark) => mark.name === name)
    const mark = this.#marks[index]
    if (mark === undefined) return false
    this.#marks.splice(0, index + 1)
    this.#proven = mark.position
    this.#anchor = { position: mark.position, at: now }
    return true
  }

  /** Takes marks for proven whose echo is overdue. */
  expireMarks(now: number): void {
    for (let mark = this.#marks[0]; mark !== undefined; mark = this.#marks[0]) {
      if (now - mark.dueAt < ECHO_GRACE_MS) return
      this.#proven = mark.position
      this.#marks.shift()
    }
  }

  /** To be asked at each tick while there is something to say: true once when what is sent does not come through. */
  tellsOfSilence(now: number): boolean {
    return this.#echoes.tellsOfSilence(now)
  }

  /** Up to where the far end has heard what was sent, as far as can be known at `now`. */
  heard(now: number): number {
    this.#told = Math.max(this.#told, this.#reckon(now))
    return this.#told
  }

  /** The carrier's buffer was emptied, or is out of reach: what was sent and not heard by now never will be. */
  forget(now: number): void {
    this.#proven = this.#sent
    this.#marked = this.#sent
    this.#told = this.#sent
    this.#anchor = { position: this.#sent, at: now }
    this.#dryAt = now
    this.#marks = []
    this.#echoes.reset()
    this.#generation += 1
  }

  #reckon(now: number): number {
    const played = Math.max(0, now - this.#anchor.at) * MULAW_BYTES_PER_MS
    return Math.min(this.#sent, Math.round(this.#anchor.position + played))
  }
}
