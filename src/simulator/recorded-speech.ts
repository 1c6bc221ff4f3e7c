/** What a person says, from samples or from a file, as the telephone carries it. */

import { encodeMulaw } from '../audio/g711.ts'
import { loadTelephoneSpeech } from '../audio/prompt.ts'

/** 8 kHz samples as they are, or the WAV file at a path, of any rate, as 8 kHz. Throws UsageError AUDIO_FILE_INVALID. */
export async function loadSpeech(speech: Int16Array | string): Promise<Int16Array> {
  return typeof speech === 'string' ? loadTelephoneSpeech(speech) : speech
}

export function toMulaw(speech: Int16Array): Uint8Array {
  const bytes = new Uint8Array(speech.length)
  encodeMulaw(speech, bytes)
  return bytes
}
