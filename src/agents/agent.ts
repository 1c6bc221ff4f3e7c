import type { DialOutcome } from '../../machines/index.ts'
import type { HoldAudio } from '../media/hold-music.ts'
import type { AudioListener } from '../media/inbound-pipe.ts'
import type { MediaEdge } from '../media/media-edge.ts'
import type { MediaStats } from '../media/media-plane.ts'
import type { AudioSource, Playback } from '../media/playback.ts'

/**
 * The user's code: one async function for each call. It starts when the media stream is up; when it returns, queued
 * speech is played to its end and the call is hung up; when it throws, the call ends at once as `agent failed`, and no
 * other call notices.
 */
export type Agent = (call: Call) => Promise<void>

export interface CallEnding {
  readonly state: 'ended' | 'error'
  readonly reason: string
  /** What went wrong, in words; undefined when nothing did. */
  readonly cause: string | undefined
}

/** What an agent may want to hear about besides audio. */
export type CallEdge =
  | MediaEdge
  | { readonly type: 'digit.received'; readonly digit: string }
  | { readonly type: 'stream.lost' }
  /** `lostMs`: for how long nothing of the far end was heard, after a stream was lost; 0 for the first one. */
  | { readonly type: 'stream.started'; readonly streamSid: string; readonly lostMs: number }
  /** What machine detection says: `human`, `machine_start`, `machine_end_beep`, `fax`, ... */
  | { readonly type: 'answered.by'; readonly answeredBy: string }
  | { readonly type: 'hold.started' }
  | { readonly type: 'hold.ended' }
  | { readonly type: 'transfer.started' }
  | { readonly type: 'transfer.ended'; readonly outcome: DialOutcome }
  | {
      readonly type: 'recording.changed'
      /** `unknown`: no usable answer came, so the carrier may have done what it was asked for, or not. */
      readonly status: 'in-progress' | 'paused' | 'stopped' | 'refused' | 'unknown'
      readonly cause: string | undefined
    }

export interface HoldOptions {
  /** What the far end hears, over and over; a function is called for each pass. A quiet tune otherwise. */
  readonly audio?: HoldAudio
  /** Hz (16000). */
  readonly rate?: number
}

export interface TransferOptions {
  /** The caller id, E.164; our own number of the two otherwise. */
  readonly from?: string | undefined
  /** How long it may ring (30). */
  readonly ringTimeoutSeconds?: number | undefined
  /** The agent that takes the call, by name, should it come back; the present one otherwise. */
  readonly returnTo?: string | undefined
}

export interface TransferResult {
  /** `completed`: they have talked, and the call is over. `refused`: the carrier did not dial. */
  readonly outcome: DialOutcome
  /** What went wrong, in words. */
  readonly cause: string | undefined
}

/** The carrier's own recording of the call. Each throws UsageError `CALL_BUSY` where it makes no sense. */
export interface CarrierRecordingControl {
  start(): void
  pause(): void
  resume(): void
  stop(): void
}

/** A call in progress, in the agent's hands. */
export interface Call {
  /** `call_` and 20 lower-case base-32 characters. */
  readonly id: string
  /** The carrier's id. */
  readonly callSid: string | undefined
  readonly direction: 'inbound' | 'outbound'
  /** E.164 as a rule; a withheld caller may be `Anonymous` or empty. */
  readonly from: string
  readonly to: string
  /** Values given at `dial`, over those that came with the stream. */
  readonly parameters: Readonly<Record<string, string>>
  /** Aborted when the call is over: pass it to whatever you start. */
  readonly signal: AbortSignal
  readonly stats: MediaStats
  /** Set when the call was under way already in a process that died, `lostMs` ago: its agent begins anew. */
  readonly adopted: { readonly lostMs: number } | undefined
  /** What machine detection has said; undefined before, and where it was not asked for. */
  readonly answeredBy: string | undefined
  /** How the call ended. Never rejects. */
  readonly ended: Promise<CallEnding>

  /** Calls `listener` at each edge of one type; returns the function that ends it. */
  on<Type extends CallEdge['type']>(type: Type, listener: (edge: Extract<CallEdge, { type: Type }>) => void): () => void

  /**
   * Calls `listener` with every `chunkMs` (20) of what the far end says: 16 kHz mono, in a buffer that is reused, so
   * copy it to keep it. Returns the function that ends it.
   */
  onAudio(listener: AudioListener, options?: { readonly chunkMs?: number }): () => void
  /** The same as an async iterable whose buffers are yours; it ends with the call. 10 s behind, the oldest go. */
  audio(options?: { readonly chunkMs?: number }): AsyncIterable<Int16Array>

  /**
   * Appends 16-bit mono PCM at `rate` (8000, 16000, 24000 Hz; 16000) to what is to be said. Returns at once.
   *
   * While too much waits already (32 playbacks, or 10 s of what is known of them: arrays count whole, an iterable by what
   * was read of it), the call's overflow policy says what becomes of it:
   * - `wait`: it waits its turn; past 32 playbacks, and only then, `finished` rejects with `PLAYBACK_OVERFLOW`.
   * - `drop-oldest`: it takes the place of the playbacks that have waited longest, which settle as interrupted; the one
   *   that is being said is broken off only if that alone has more than 10 s to go. An edge tells of it: `audio.skipped`.
   * - `end-call`: it is not said, and the call is over, as `queue overflow`.
   *
   * Whatever the policy, an iterable that is being read is held up while 10 s of it wait, and nothing of it is lost.
   */
  play(source: AudioSource, options?: { readonly rate?: number }): Playback
  /** Cuts all speech now, as on barge-in; tells how much of what it cut was heard. */
  clear(): { readonly heardMs: number }

  /** The digits the far end keys, as they come, each once. One reader at a time. */
  digits(): AsyncIterable<string>
  /** Keys digits (`0-9 * # A-D`, `w` a pause of 0.5 s): tones in the audio. Throws `DIGITS_INVALID`. */
  sendDigits(digits: string): Playback

  /**
   * Puts the far end on hold: the line stays, it hears `audio`, and the agent hears nothing. What the agent has said and
   * the far end not heard yet waits for `resume`. Throws UsageError `CALL_OVER` or `CALL_BUSY`.
   */
  hold(options?: HoldOptions): void
  /** Ends the hold, if there is one. */
  resume(): void
  /**
   * Hands the far end over to `to`, an E.164 number or a SIP URI, once queued speech has been heard (15 s at most;
   * what is left then is cut). Settles as `completed` when they have talked: the call is over then. With any other outcome
   * the far end is back, and the agent goes on where it stands; one that has returned meanwhile is started anew: should it
   * transfer again without a look at what came of it, only the call's time limit ends that. Rejects with UsageError
   * `TRANSFER_TARGET_INVALID`, `CALL_OVER` or `CALL_BUSY`, or with AdmissionError for a target that is not allowed.
   */
  transfer(to: string, options?: TransferOptions): Promise<TransferResult>
  readonly recording: CarrierRecordingControl
  /** Waits on the call's own clock, at most until its end: then it resolves as `over`. */
  sleep(ms: number): Promise<'slept' | 'over'>
  /** Ends the call: an agent's queued speech is played first, unless `now`. Idempotent. */
  hangUp(options?: { readonly now?: boolean }): void
}
