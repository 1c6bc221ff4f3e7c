import { requirePcmRate, TELEPHONE_RATE } from '../audio/format.ts'
import { composeHoldTune } from '../audio/hold-tune.ts'
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { type AudioSource, readSource } from './audio-source.ts'
import { LiveAudio } from './live-audio.ts'
import type { ReportEdge } from './media-edge.ts'
import { OutboundQueue } from './outbound-queue.ts'
import type { Playback } from './playback.ts'

/** Heard over and over, but for a live source. A function is called for each pass; an iterable must bear being read again. */
export type HoldAudio = AudioSource | (() => AudioSource)

const TUNE = composeHoldTune()
/** What comes out of a model or a file may wait for so long: nobody notices how far ahead music was made. */
const LIMIT_MS = 1_000

export interface HoldMusicOptions {
  readonly clock: Clock
  readonly report: ReportEdge
  readonly onFault: (error: unknown) => void
}

/**
 * What the far end hears while the agent is off the line. It speaks like the agent does, on the same stream, and tells
 * the chart nothing of it but that the network is stalled.
 */
export class HoldMusic {
  readonly queue: OutboundQueue
  readonly #report: ReportEdge
  #playing: Playback | undefined

  constructor({ clock, report, onFault }: HoldMusicOptions) {
    this.#report = report
    this.queue = new OutboundQueue({
      clock,
      onFault,
      report: (edge) => {
        if (edge.type === 'queue.stalled') report(edge)
      },
      limits: { limitMs: LIMIT_MS },
      markOwner: 'h',
    })
  }

  /** Goes on until `stop`: where `audio` is no good, fails or comes to an end, that is told and the tune takes its place. */
  start(audio: HoldAudio | undefined, rate?: number): void {
    if (audio === undefined) return this.#startTune()
    let playback: Playback
    try {
      playback = this.queue.play(looped(audio), rate)
    } catch (error) {
      this.#noteFailure(error)
      return this.#startTune()
    }
    this.#playing = playback
    playback.finished
      .then(
        () => this.#replace(playback, new Error('expected audio without an end, got one that is over')),
        (error: unknown) => this.#replace(playback, error),
      )
      .catch(() => {})
  }

  /** Cuts it at once, here and at the carrier, and lets the stream go. */
  stop(): void {
    this.#playing = undefined
    this.queue.clear()
    this.queue.detach()
  }

  #startTune(): void {
    this.#playing = this.queue.play(looped(TUNE), TELEPHONE_RATE)
  }

  #replace(playback: Playback, error: unknown): void {
    if (this.#playing !== playback) return
    this.#noteFailure(error)
    this.#startTune()
  }

  #noteFailure(error: unknown): void {
    this.#report({ type: 'hold.faulted', cause: messageOf(error) })
  }
}

/**
 * Refuses what cannot be played, before anybody is put on hold.
 *
 * @throws {UsageError} `AUDIO_SOURCE_INVALID` or `AUDIO_FORMAT_UNSUPPORTED`.
 */
export function requireHoldAudio(audio: HoldAudio | undefined, rate: number | undefined): void {
  if (rate !== undefined) requirePcmRate(rate)
  if (audio !== undefined && typeof audio !== 'function') readSource(audio)
}

function looped(audio: HoldAudio): AudioSource {
  if (typeof audio === 'function') return passes(audio)
  if (audio instanceof Int16Array) return audio.length === 0 ? audio : forever(audio)
  const isIterable = Symbol.iterator in audio || Symbol.asyncIterator in audio
  return isIterable && !(audio instanceof LiveAudio) ? passes(() => audio) : audio
}

function* forever(samples: Int16Array): Generator<Int16Array> {
  for (;;) yield samples
}

async function* passes(open: () => AudioSource): AsyncGenerator<Int16Array> {
  for (;;) {
    let samples = 0
    const source = open()
    for await (const chunk of source instanceof Int16Array ? [source] : source) {
      samples += chunk.length
      yield chunk
    }
    // A source that can be read only once has nothing on its second pass.
    if (samples === 0) return
  }
}
