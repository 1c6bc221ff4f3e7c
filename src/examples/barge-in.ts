/** Reads something out, falls silent when it is spoken to, and goes on where it was interrupted. */

// #region barge-in
import { type Agent, type Call, loadPrompt } from '../index.ts'

const report = await loadPrompt('src/examples/speech/weather.wav')
const SAMPLES_PER_MS = 16

export const announcer: Agent = async (call) => {
  call.on('speech.started', () => {
    const { heardMs } = call.clear() // cuts what is still to be heard, at our side and at the carrier's
    if (heardMs > 0) process.stdout.write(`${call.id} was interrupted after ${Math.round(heardMs)} ms\n`)
  })

  let heardMs = 0
  while (!call.signal.aborted) {
    const { playedMs, interrupted } = await call.play(report.subarray(heardMs * SAMPLES_PER_MS)).finished
    if (!interrupted) return
    heardMs += playedMs // heard, not sent: the carrier tells what it has really played
    await quiet(call)
  }
}

/** Resolves when the far end has stopped talking, or is gone. */
function quiet(call: Call): Promise<void> {
  return new Promise((resolve) => {
    const stopListening = call.on('speech.ended', () => {
      stopListening()
      resolve()
    })
    void call.ended.then(() => resolve())
  })
}
// #endregion
