/** Says a greeting, listens for three seconds, and says back what it heard. */

// #region greeter
import { type Agent, loadPrompt } from '../index.ts'

// A WAV file of any rate and width: read and resampled once, here, not in every call.
const welcome = await loadPrompt('src/examples/speech/welcome.wav')

export const greeter: Agent = async (call) => {
  await call.play(welcome).finished

  const heard: Int16Array[] = []
  for await (const pcm of call.audio({ chunkMs: 100 })) {
    heard.push(pcm) // 16 kHz mono in a buffer of its own: a recogniser would get it here
    if (heard.length === 30) break
  }

  await call.play(heard).finished
} // who returns hangs up
// #endregion
