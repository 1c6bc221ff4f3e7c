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
  | { readonly type: 'stream.started'; readonly streamSid: string }

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

  /** Appends 16-bit mono PCM at `rate` (8000, 16000, 24000 Hz; 16000) to what is to be said. Returns at once. */
  play(source: AudioSource, options?: { readonly rate?: number }): Playback
  /** Cuts all speech now, as on barge-in; tells how much of what it cut was heard. */
  clear(): { readonly heardMs: number }

  /** The digits the far end keys, as they come, each once. One reader at a time. */
  digits(): AsyncIterable<string>
  /** Keys digits (`0-9 * # A-D`, `w` a pause of 0.5 s): tones in the audio. Throws `DIGITS_INVALID`. */
  sendDigits(digits: string): Playback
  /** Ends the call: an agent's queued speech is played first, unless `now`. Idempotent. */
  hangUp(options?: { readonly now?: boolean }): void
}
