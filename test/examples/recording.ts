import { fileURLToPath } from 'node:url'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'

const FOLDER = new URL('../../src/examples/speech/', import.meta.url)

/** A recording of the examples, at 8 kHz. */
export function recording(name: string): Promise<Int16Array> {
  return loadSpeech(fileURLToPath(new URL(`${name}.wav`, FOLDER)))
}
