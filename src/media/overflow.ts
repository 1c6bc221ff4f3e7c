import { MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { UsageError } from '../errors.ts'
import type { OverflowPolicy } from '../overflow-policy.ts'
import type { ByteRing } from './byte-ring.ts'
import type { QueuedPlayback } from './playback.ts'
import type { PlaybackLedger } from './playback-ledger.ts'
import type { Playlist } from './playlist.ts'

const MAX_PENDING = 32
/** Of the limit. A source that is held up leaves so much room: what the carrier was given just now. */
const SLACK_MS = 200

export interface OverflowOptions {
  readonly policy: OverflowPolicy
  readonly playlist: Playlist
  readonly ring: ByteRing
  readonly ledger: PlaybackLedger
}

/** Whether too much waits to be said for more to come, and what becomes of it then. */
export class Overflow {
  readonly policy: OverflowPolicy
  readonly #options: OverflowOptions

  constructor(options: OverflowOptions) {
    this.#options = options
    this.policy = options.policy
  }

  /**
   * Whoever is content to wait is only held to the number of playbacks; else what is known to wait counts too: what is
   * encoded, and of arrays and chunks the rest.
   */
  get isDue(): boolean {
    const { playlist, ring } = this.#options
    if (playlist.length >= MAX_PENDING) return true
    if (this.policy === 'wait') return false
    return ring.length / MULAW_BYTES_PER_MS + playlist.unreadMs > this.#limitMs
  }

  /** Who goes first; undefined when nobody has to. */
  get surplus(): QueuedPlayback | undefined {
    const { playlist, ring, ledger } = this.#options
    if (!this.isDue) return undefined
    return playlist.stalest(ledger.sent, ledger.sent + ring.length, this.#limitMs)
  }

  get #limitMs(): number {
    return Math.max(0, this.#options.ring.limit / MULAW_BYTES_PER_MS - SLACK_MS)
  }
}

export function tooManyPending(): UsageError {
  return new UsageError(
    'PLAYBACK_OVERFLOW',
    `expected at most ${MAX_PENDING} pending playbacks, got one more; await "finished" before playing on`,
  )
}
