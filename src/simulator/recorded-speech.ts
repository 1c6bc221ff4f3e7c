/** What a person says, from samples or from a file, as the telephone carries it. */

import { readFile } from 'node:fs/promises'
import { encodeMulaw } from '../audio/g711.ts'
import { loadPrompt } from '../audio/prompt.ts'
import { readWav } from '../audio/wav.ts'
import { halveRate } from '../audio/whole-buffer.ts'

const TELEPHONE_RATE = 8_000

/** 8 kHz samples as they are, or the WAV file at a path, of any rate, as 8 kHz. Throws UsageError AUDIO_FILE_INVALID. */
export async function loadSpeech(speech: Int16Array | string): Promise<Int16Array> {
  if (typeof speech !== 'string') return speech
  const prompt = await loadPrompt(speech)
  // A file at the telephone's own rate needs no way there and back.
  const { sampleRate, samples } = readWav(await readFile(speech))
  return sampleRate === TELEPHONE_RATE ? samples : halveRate(prompt)
}

export function toMulaw(speech: Int16Array): Uint8Array {
  const bytes = new Uint8Array(speech.length)
  encodeMulaw(speech, bytes)
  return bytes
}
