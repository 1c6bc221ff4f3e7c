import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loadTelephoneSpeech } from '../../audio/prompt.ts'
import { toMulaw } from '../../simulator/recorded-speech.ts'
import { markerFrame } from './marker.ts'
import { MaskedSpeech } from './media-writer.ts'

/** What all callers say, one behind the other, each from another place on. */
export interface LoadSpeech {
  readonly masked: MaskedSpeech
  /** Which of the frames is the marker: the last, and how many come before it. */
  readonly marker: number
}

const FRAME = 160

/** All recordings of a folder as 20 ms frames. Throws UsageError AUDIO_FILE_INVALID. */
export async function loadLoadSpeech(folder: string): Promise<LoadSpeech> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.wav')).toSorted()
  const recordings = await Promise.all(names.map((name) => loadTelephoneSpeech(join(folder, name))))
  const frames = recordings.flatMap(framesOf)
  const base64 = [...frames, markerFrame()].map((bytes) => Buffer.from(bytes).toString('base64'))
  return { masked: new MaskedSpeech(base64), marker: frames.length }
}

/** Whole frames of mu-law; a recording's last few samples are left out. */
function framesOf(pcm: Int16Array): Uint8Array[] {
  const bytes = toMulaw(pcm)
  return Array.from({ length: Math.floor(bytes.length / FRAME) }, (_, index) =>
    bytes.subarray(index * FRAME, (index + 1) * FRAME),
  )
}
