import { rmsDbfs } from '../audio/levels.ts'
import { BoundedChannel } from './bounded-channel.ts'

/**
 * What the far end says, as it says it: the one source of which a playback knows that it is no faster than time, and
 * that what comes late is worth less than what comes next.
 */
export class LiveAudio extends BoundedChannel<Int16Array> {
  #lent: Int16Array | undefined

  /**
   * A chunk in a buffer that is reused: a reader that waits for one may have it as it is, in this very turn; otherwise a
   * copy of it is kept. Memory that is asked for and given back fifty times a second and call costs more than the copy.
   */
  lend(pcm: Int16Array): void {
    if (!this.isAwaited) return this.push(pcm.slice())
    this.#lent = pcm
    this.noteReady()
    if (this.#lent === undefined) return
    this.#lent = undefined
    this.push(pcm.slice())
  }

  override take(): Int16Array | undefined {
    const lent = this.#lent
    if (lent === undefined) return super.take()
    this.#lent = undefined
    return lent
  }
}

/** A person notices an echo or a bridge that lags more than this; a pause in it, nobody misses. */
const TOLERATED_MS = 100
/** Two people cannot talk to one another across more than this, pause or not. */
const LIMIT_MS = 400
/** Below every voice, above the noise of a quiet line. */
const QUIET_DBFS = -45

/**
 * Whether a chunk of live audio is left out, because what stands before it would make it `delayMs` late: after a stall
 * of the network or of ours, a live source would else be late for ever. Pauses go first; past the limit, anything.
 */
export function isBetterSkipped(chunk: Int16Array, delayMs: number): boolean {
  if (delayMs <= TOLERATED_MS) return false
  return delayMs > LIMIT_MS || rmsDbfs(chunk) < QUIET_DBFS
}
