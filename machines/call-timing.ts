/** How long a call waits for each thing, in milliseconds. Every wait in the chart is one of these. */
export interface CallTiming {
  /** Admitted, but nobody told it to connect. */
  readonly idleMs: number
  /** Ringing at the callee, past the carrier's own ring timeout: a net under a callback that never comes. */
  readonly ringMs: number
  /** From the answer (or our TwiML) to the media stream's `start`. */
  readonly streamMs: number
  /** Silence of the stream, counted from the moment it was noticed, before the stream counts as lost. */
  readonly silenceMs: number
  /** How long a call without a stream waits for a fresh one. */
  readonly graceMs: number
  /** The longest a call may be active. */
  readonly limitMs: number
  /** How long queued speech may go on after the agent has finished. */
  readonly drainMs: number
  /** How long a callback may take to tell that the carrier placed a call after all, though it did not say so. */
  readonly settleMs: number
  /** How long a call may wait for its turn to be dialled. */
  readonly queueMs: number
  /** How long a callback may take to tell of a call whose create got no usable answer, before we look it up. */
  readonly doubtMs: number
  /** The whole of looking it up, with its repeats. */
  readonly lookUpMs: number
  /** How long both sides may be quiet, counted from the last word heard; {@link NEVER_MS} for ever. */
  readonly quietMs: number
  /** How long the agent may say nothing; {@link NEVER_MS} for ever. */
  readonly agentSilenceMs: number
  /** The whole of hanging up, with its repeats. */
  readonly hangUpMs: number
  /** Closing the socket and letting go of everything else. */
  readonly releaseMs: number
}

/** Longer than any call may last, and as long as a timer may run. */
export const NEVER_MS = 86_400_000

export const DEFAULT_CALL_TIMING: CallTiming = {
  idleMs: 10_000,
  ringMs: 70_000,
  streamMs: 15_000,
  silenceMs: 7_000,
  graceMs: 10_000,
  limitMs: 3_600_000,
  drainMs: 15_000,
  settleMs: 5_000,
  queueMs: 600_000,
  doubtMs: 2_000,
  lookUpMs: 5_000,
  quietMs: NEVER_MS,
  agentSilenceMs: NEVER_MS,
  hangUpMs: 10_000,
  releaseMs: 2_000,
}

/** A stream that dies this often within the window is not worth another one: each costs the caller a second. */
export const LOSS_LIMIT = 3
export const LOSS_WINDOW_MS = 60_000
