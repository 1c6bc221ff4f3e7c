import type { QueuedPlayback } from './playback.ts'

/**
 * The playbacks of a call in the order in which they are heard, and where their bytes lie. Positions count bytes since
 * the call began: below `sent` the carrier has them, from there on they wait in the ring.
 *
 * Invariants
 * - P1 Playbacks lie one behind the other in the order of `play`; only the last that has begun may have no end yet.
 * - P2 One that was settled leaves at once, unless its source failed and what came of it before has still to be heard.
 */
export class Playlist {
  #playbacks: QueuedPlayback[] = []

  get length(): number {
    return this.#playbacks.length
  }

  append(playback: QueuedPlayback): void {
    // There is one, as a rule: pushed, it would take the room of seventeen.
    this.#playbacks = this.#playbacks.concat(playback)
  }

  remove(playback: QueuedPlayback): void {
    this.#playbacks = this.#playbacks.filter((other) => other !== playback)
  }

  /** The one whose source has more to say, or may have. */
  get reading(): QueuedPlayback | undefined {
    return this.#playbacks.find((playback) => playback.end === undefined)
  }

  /** What is known of them all and not encoded yet. */
  get unreadMs(): number {
    return this.#playbacks.reduce((sum, playback) => sum + playback.unreadMs, 0)
  }

  /**
   * Who goes first when too much waits: whoever has waited longest, but not the one that is being said unless that alone
   * has more than `limitMs` to go: a sentence that breaks off is worse than one that is left out.
   */
  stalest(sent: number, enqueued: number, limitMs: number): QueuedPlayback | undefined {
    const [first, second] = this.#playbacks.filter(({ end }) => end === undefined || end > sent)
    const isBegun = first?.start !== undefined && first.start < sent
    const isSpared = isBegun && first.waitingMs(sent, enqueued) <= limitMs
    // Of what is out already, nothing can be taken back; there is only one less to keep in mind.
    return (isSpared ? second : first) ?? this.#playbacks[0]
  }

  /** Where the playback that lies at `position` ends; undefined while its source has more. */
  endAfter(position: number): number | undefined {
    return this.#playbacks.find((playback) => playback.end !== undefined && playback.end > position)?.end
  }

  hasEndAt(position: number): boolean {
    return this.#playbacks.some((playback) => playback.end === position)
  }

  /** Whether `position` lies within a playback, not between two. */
  isMidway(position: number): boolean {
    return this.#playbacks.some(
      ({ start, end }) => start !== undefined && start < position && (end === undefined || end > position),
    )
  }

  /** Whose audio lies in [heard, sent), which the carrier holds. */
  heldByCarrier(playback: QueuedPlayback, heard: number, sent: number): 'not its own' | 'only its own' | 'shared' {
    const held = this.#playbacks.filter(({ start, end }) => {
      return start !== undefined && start < sent && (end === undefined || end > heard)
    })
    if (!held.includes(playback)) return 'not its own'
    return held.length === 1 ? 'only its own' : 'shared'
  }

  /** How much of all that is in the list has been heard. */
  playedMs(heard: number): number {
    return this.#playbacks.reduce((sum, playback) => sum + playback.playedMs(heard), 0)
  }

  /** Makes way for `bytes` of silence at `position`, which the carrier does not have yet. */
  insertSilence(position: number, bytes: number): void {
    for (const playback of this.#playbacks) {
      const { start, end } = playback
      if (start === undefined) continue
      const isMidway = start < position && (end === undefined || end > position)
      if (isMidway) playback.unheardBytes += bytes
      if (start >= position) playback.start = start + bytes
      if (end !== undefined && (start >= position || end > position)) playback.end = end + bytes
    }
  }

  /** Closes the gap that [from, to) leaves when it is taken out of the ring. */
  excise(from: number, to: number): void {
    for (const playback of this.#playbacks) {
      const { start, end } = playback
      if (start !== undefined && start >= to) playback.start = start - (to - from)
      if (end !== undefined && end >= to) playback.end = end - (to - from)
    }
  }

  /** What the carrier had and the far end has not heard, [heard, sent), is lost; who lies wholly there is settled. */
  lose(heard: number, sent: number): void {
    for (const playback of this.#playbacks) {
      const { start, end } = playback
      if (start === undefined || start >= sent) continue
      if (end !== undefined && end <= sent) playback.settle(heard)
      else playback.unheardBytes += sent - Math.max(heard, start)
    }
  }

  /** Settles whoever has been heard to the end. Asked at every tick, and mostly in vain. */
  settle(proven: number): void {
    if ((this.#playbacks[0]?.end ?? Infinity) > proven) return
    for (const playback of this.#playbacks) {
      if (playback.end === undefined || playback.end > proven) break
      playback.settle(proven)
    }
    this.#playbacks = this.#playbacks.filter(({ settled, end }) => !settled || (end !== undefined && end > proven))
  }

  /** Settles everybody: nothing beyond `heard` will be heard. */
  cut(heard: number): void {
    const cut = this.#playbacks
    this.#playbacks = []
    for (const playback of cut) playback.settle(heard)
  }
}
