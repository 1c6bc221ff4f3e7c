import type { Registry } from 'prom-client'
import { type DurationCounts, ReadHistogram } from './read-histogram.ts'
import { addReadCounter, addReadGauge } from './read-metrics.ts'

/** What is read of a call's media plane. */
export interface MeasuredPlane {
  stats(): Figures
  /** Undefined while none is attached. */
  readonly stream: { bufferedBytes(): number } | undefined
}

interface Figures {
  readonly framesIn: number
  readonly framesOut: number
  readonly underruns: number
}

export interface PacingSource {
  /** How late the ticks fired that audio is sent by, since the start. */
  readonly pacingLateness?: () => DurationCounts
}

/** The pacing keeps a lead of 100 to 160 ms: what is later than that is heard. */
const LATENESS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28]

const NONE: Figures = { framesIn: 0, framesOut: 0, underruns: 0 }

/** Media, read when somebody asks: what the calls that are over came to, and what the live ones have come to so far. */
export class MediaMetrics {
  readonly #live = new Map<string, MeasuredPlane>()
  #past = NONE
  /** Of all calls, as of the latest look. */
  #now = NONE

  constructor(registry: Registry, { pacingLateness }: PacingSource) {
    addReadCounter(registry, {
      name: 'callchart_media_frames_total',
      help: 'Media messages that came (inbound), and frames of 20 ms that went out (outbound).',
      labelNames: ['direction'],
      read: () => [
        [{ direction: 'inbound' }, this.#now.framesIn],
        [{ direction: 'outbound' }, this.#now.framesOut],
      ],
    })
    addReadCounter(registry, {
      name: 'callchart_media_underruns_total',
      help: 'How often the carrier ran dry in the middle of a playback.',
      read: () => [[{}, this.#now.underruns]],
    })
    addReadGauge(registry, {
      name: 'callchart_media_send_buffer_bytes',
      help: 'Bytes handed to the media sockets of all calls that the network has not taken yet.',
      read: () => [[{}, this.#bufferedBytes()]],
    })
    const lateness = new ReadHistogram({
      name: 'callchart_media_pacing_lateness_seconds',
      help: 'How long after its deadline a pacing tick fires, while calls have media.',
      boundsS: LATENESS_S,
      read: pacingLateness ?? (() => []),
    })
    registry.registerMetric(lateness)
  }

  add(id: string, plane: MeasuredPlane): void {
    this.#live.set(id, plane)
  }

  /** The call is over: its figures change no more, and are kept without it. */
  retire(id: string): void {
    const plane = this.#live.get(id)
    if (plane === undefined) return
    this.#live.delete(id)
    this.#past = sum([this.#past, plane.stats()])
  }

  /** Takes the figures for the scrape that follows: each plane's once, since they are worked out for it. */
  look(): void {
    this.#now = sum([this.#past, ...[...this.#live.values()].map((plane) => plane.stats())])
  }

  #bufferedBytes(): number {
    let bytes = 0
    for (const { stream } of this.#live.values()) bytes += stream?.bufferedBytes() ?? 0
    return bytes
  }
}

function sum(all: readonly Figures[]): Figures {
  const add = (figure: keyof Figures) => all.reduce((total, figures) => total + figures[figure], 0)
  return { framesIn: add('framesIn'), framesOut: add('framesOut'), underruns: add('underruns') }
}
