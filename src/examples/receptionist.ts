/** Asks callers whom they want, connects them, and takes them back when nobody answers. */

// #region receptionist
import { type Agent, type Call, collectDigits, loadPrompt } from '../index.ts'

const welcome = await loadPrompt('src/examples/speech/extension.wav')
const moment = await loadPrompt('src/examples/speech/moment.wav')
const sorry = await loadPrompt('src/examples/speech/sorry.wav')
const desks: Readonly<Record<string, string>> = { 10: '+15551234510', 11: '+15551234511' }

export const receptionist: Agent = async (call) => {
  for (let prompt = welcome; ; prompt = sorry) {
    const { digits, endedBy } = await collectDigits(call, { prompt, length: 2 })
    if (endedBy !== 'length') return // nothing was keyed, or the caller has gone

    await call.play(moment).finished
    call.hold() // the line stays, and the caller hears a tune
    const desk = await lookUp(digits, call)
    call.resume()
    if (desk === undefined) continue

    const { outcome } = await call.transfer(desk, { ringTimeoutSeconds: 20 })
    if (outcome === 'completed') return // they have talked, and hung up
  } // busy, or nobody answered: the caller is back, and we go on from here
}

/** Your directory: whatever takes a while. */
async function lookUp(digits: string, call: Call): Promise<string | undefined> {
  await call.sleep(2_000)
  return desks[digits]
}
// #endregion
