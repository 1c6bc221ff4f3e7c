import { FRAME_MS, MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { TICK_MS } from './ticker.ts'

/** How far ahead of time audio goes out, and in how large pieces. */

export interface PacingLimits {
  /** Most encoded audio that may wait, in milliseconds. */
  readonly limitMs: number
}

export const DEFAULT_PACING: PacingLimits = { limitMs: 10_000 }

/** The carrier's buffer is filled up to this. */
const LEAD_MS = 160
/** It may run down by this before it is filled again: fewer, larger messages are what makes a frame cheap. */
const BURST_MS = 60
/** Room for one frame, by the next tick. */
const LIVE_BURST_MS = FRAME_MS + TICK_MS
export const MAX_MESSAGE_BYTES = 100 * MULAW_BYTES_PER_MS
/** Put before a source that is no faster than real time, since a lead of zero is heard as underruns. */
const PREFILL_MS = 20
/** Each underrun shows that the line wants more; past this, the delay is worse than what it cures. */
const MOST_PREFILL_MS = 80
/** The level between marks that bounds how far the clock alone is trusted. */
export const MARK_EVERY_BYTES = 1_000 * MULAW_BYTES_PER_MS

/**
 * Whether the carrier, which holds `aheadMs`, would have less than the least lead by the next tick. What a live source
 * brings comes a frame at a time anyhow: held back, it would only come late and in bursts.
 */
export function isShort(aheadMs: number, isLive: boolean): boolean {
  return aheadMs - TICK_MS < LEAD_MS - (isLive ? LIVE_BURST_MS : BURST_MS)
}

/** What the carrier may be given on top of the `aheadMs` that it holds. */
export function roomBytes(aheadMs: number): number {
  return Math.floor((LEAD_MS - Math.max(0, aheadMs)) * MULAW_BYTES_PER_MS)
}

/** Of silence before real-time audio that meets a carrier which has run dry so many times. */
export function prefillBytes(shortfalls: number): number {
  return Math.min(MOST_PREFILL_MS, PREFILL_MS * (1 + shortfalls)) * MULAW_BYTES_PER_MS
}
