/**
 * How long a server that echoes takes, as the ear has it. Stretches of 200 ms of what the person said are looked for in
 * what the person heard; the round trip is from the sending of the stretch's first frame to the moment that frame's
 * audio begins to be heard. It contains the network, the server's own buffering, and the wait in the carrier's buffer.
 */

import { alignSpeech } from '../audio/align.ts'
import { decodeMulaw } from '../audio/g711.ts'
import { rmsDbfs } from '../audio/levels.ts'
import type { MediaStream, SentFrame } from './media-stream.ts'
import { SAMPLES_PER_MS } from './playout-buffer.ts'
import { FRAME_BYTES } from './speech-queue.ts'
import { renderHeard } from './timeline.ts'

export interface RoundTrip {
  readonly p50: number
  readonly p99: number
}

const FRAMES_PER_WINDOW = 10
const LONGEST_MS = 2_000
const NEAR_MS = 100
/** Enough for a steady median; the rest of a long call is sampled. */
const MOST_WINDOWS = 25
/** Below this level there is no speech to be recognised, above this correlation it is the same speech. */
const QUIETEST_DBFS = -40
const LEAST_CORRELATION = 0.9

/** Undefined when nothing that was said was heard again. */
export function measureRoundTrip(streams: readonly MediaStream[]): RoundTrip | undefined {
  const lags = streams.flatMap(lagsOf).toSorted((a, b) => a - b)
  if (lags.length === 0) return undefined
  const at = (quantile: number): number => lags[Math.min(lags.length - 1, Math.floor(quantile * lags.length))] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}

/** In milliseconds. Looks where the last stretch was found first, which is much cheaper than everywhere. */
function lagsOf(stream: MediaStream): number[] {
  const { playout, heardUntil } = stream
  if (playout === undefined) return []
  const heard = renderHeard([stream], playout.originMs, heardUntil)
  const lags: number[] = []
  for (const frames of sampled(windowsOf(stream.sentFrames))) {
    const sentAt = Math.round(((frames[0]?.at ?? 0) - playout.originMs) * SAMPLES_PER_MS)
    const find = (fromMs: number, toMs: number): number | undefined =>
      findLag(pcmOf(frames), heard, sentAt + fromMs * SAMPLES_PER_MS, sentAt + toMs * SAMPLES_PER_MS)
    const last = Math.floor(lags.at(-1) ?? 0)
    const nearMs = Math.max(0, last - NEAR_MS)
    const near = find(nearMs, last + NEAR_MS)
    const lag = near === undefined ? find(0, LONGEST_MS) : near + nearMs
    if (lag !== undefined) lags.push(lag)
  }
  return lags
}

/** How far behind `from` it was heard, in milliseconds, provided that it began to be heard before `to`. */
function findLag(said: Int16Array, heard: Int16Array, from: number, to: number): number | undefined {
  const stretch = heard.subarray(from, to + said.length)
  const maxLag = stretch.length - said.length
  if (maxLag < 0 || rmsDbfs(said) < QUIETEST_DBFS) return undefined
  const { lagSamples, correlation } = alignSpeech(said, stretch, { maxLag })
  return correlation >= LEAST_CORRELATION && lagSamples >= 0 ? lagSamples / SAMPLES_PER_MS : undefined
}

/** Stretches of uninterrupted speech. */
function windowsOf(frames: readonly SentFrame[]): SentFrame[][] {
  const windows: SentFrame[][] = []
  let window: SentFrame[] = []
  for (const frame of frames) {
    window = frame.isSpeech ? [...window, frame] : []
    if (window.length < FRAMES_PER_WINDOW) continue
    windows.push(window)
    window = []
  }
  return windows
}

function sampled<T>(all: readonly T[]): T[] {
  const step = Math.ceil(all.length / MOST_WINDOWS)
  return all.filter((_, index) => index % step === 0)
}

function pcmOf(frames: readonly SentFrame[]): Int16Array {
  const pcm = new Int16Array(frames.length * FRAME_BYTES)
  frames.forEach((frame, index) => decodeMulaw(frame.audio, pcm.subarray(index * FRAME_BYTES)))
  return pcm
}
