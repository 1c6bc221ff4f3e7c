import { TELEPHONE_RATE } from '../audio/format.ts'
import { decodeMulaw, MULAW_SILENCE } from '../audio/g711.ts'

/**
 * The latest seconds of two mu-law channels, side by side in time, while they may still change: what was to be heard may
 * be cut, and what was said may come late. What is older is handed on.
 *
 * Positions are samples from the beginning, at 8 kHz.
 */
export interface TwoChannelLineOptions {
  /** How far behind the latest audio the line may still change. */
  readonly changeableMs: number
  /** Called with whole stretches, interleaved, in a buffer of their own, in their order; what lies between is silence. */
  readonly onSettled: (samples: Int16Array, from: number) => void
}

export type Channel = 'left' | 'right'

interface Line {
  /** A ring; silent wherever nothing lies. */
  readonly bytes: Uint8Array
  end: number
}

const SAMPLES_PER_MS = TELEPHONE_RATE / 1_000
/** What is handed on at a time, at least. */
const STRETCH_SAMPLES = TELEPHONE_RATE
/** How far ahead of the latest audio of the one channel that of the other may lie, beside what is handed on late. */
const AHEAD_SAMPLES = TELEPHONE_RATE
/** Pieces lie end to end, whatever fraction of a sample they were told to begin at. */
const SEAM_SAMPLES = SAMPLES_PER_MS

export class TwoChannelLine {
  readonly #onSettled: TwoChannelLineOptions['onSettled']
  readonly #changeable: number
  readonly #channels: Readonly<Record<Channel, Line>>
  /** Everything before was handed on. */
  #settled = 0

  constructor({ changeableMs, onSettled }: TwoChannelLineOptions) {
    this.#onSettled = onSettled
    this.#changeable = changeableMs * SAMPLES_PER_MS
    const room = this.#changeable + STRETCH_SAMPLES + AHEAD_SAMPLES
    const silence = () => ({ bytes: new Uint8Array(room).fill(MULAW_SILENCE), end: 0 })
    this.#channels = { left: silence(), right: silence() }
  }

  /** One past the last sample of either channel. */
  get end(): number {
    return Math.max(this.#channels.left.end, this.#channels.right.end)
  }

  /** Lays `mulaw` on a channel, over what was there, from `atMs` after the beginning on. What comes too late is left out. */
  put(channel: Channel, mulaw: Uint8Array, atMs: number): void {
    const line = this.#channels[channel]
    const told = Math.round(atMs * SAMPLES_PER_MS)
    const start = Math.abs(told - line.end) <= SEAM_SAMPLES ? line.end : told
    const end = start + mulaw.length
    if (end <= this.#settled) return
    this.#makeRoom(end)
    for (let i = Math.max(0, this.#settled - start); i < mulaw.length; i++) {
      line.bytes[(start + i) % line.bytes.length] = mulaw[i] ?? MULAW_SILENCE
    }
    this.#blank(line, end)
    line.end = Math.max(this.#settled, end)
    if (start - this.#changeable - this.#settled >= STRETCH_SAMPLES) this.#handOn(start - this.#changeable)
  }

  /** Takes away what lies on a channel from `atMs` on. */
  cut(channel: Channel, atMs: number): void {
    const line = this.#channels[channel]
    const from = Math.round(atMs * SAMPLES_PER_MS)
    this.#blank(line, from)
    line.end = Math.min(line.end, Math.max(this.#settled, from))
  }

  /** Hands on all there is; returns how many samples the line has. */
  finish(): number {
    this.#handOn(this.end)
    return this.end
  }

  /** Nothing is on the line from `from` on. */
  #blank(line: Line, from: number): void {
    for (let at = Math.max(this.#settled, from); at < line.end; at++) {
      line.bytes[at % line.bytes.length] = MULAW_SILENCE
    }
  }

  /** Hands on what has to give way to audio that ends at `end`. */
  #makeRoom(end: number): void {
    const { length } = this.#channels.left.bytes
    if (end - this.#settled > length) this.#handOn(end - length)
  }

  #handOn(upTo: number): void {
    const { left, right } = this.#channels
    const from = this.#settled
    // Past the end of both there is silence, for however long: nobody has to be told.
    const to = Math.min(upTo, this.end)
    if (to > from) {
      const samples = new Int16Array(2 * (to - from))
      interleave(left.bytes, from, to, samples, 0)
      interleave(right.bytes, from, to, samples, 1)
      this.#onSettled(samples, from)
    }
    this.#settled = Math.max(from, upTo)
  }
}

/** Takes [from, to) out of a ring, which is silent there afterwards, and decodes it to every second sample. */
function interleave(ring: Uint8Array, from: number, to: number, out: Int16Array, offset: number): void {
  const bytes = new Uint8Array(to - from)
  for (let i = 0; i < bytes.length; i++) {
    const at = (from + i) % ring.length
    bytes[i] = ring[at] ?? MULAW_SILENCE
    ring[at] = MULAW_SILENCE
  }
  const samples = new Int16Array(bytes.length)
  decodeMulaw(bytes, samples)
  for (let i = 0; i < samples.length; i++) out[2 * i + offset] = samples[i] ?? 0
}
