/** A menu that is used by pressing keys. */

// #region digits
import { type Agent, loadPrompt } from '../index.ts'

const menu = await loadPrompt('src/examples/speech/menu.wav')
const answers: Readonly<Record<string, Int16Array>> = {
  1: await loadPrompt('src/examples/speech/hours.wav'),
  2: await loadPrompt('src/examples/speech/callee.wav'),
}

export const phoneMenu: Agent = async (call) => {
  call.play(menu)
  for await (const digit of call.digits()) {
    if (digit === '#') return
    call.clear() // who knows the menu need not hear it out
    call.play(answers[digit] ?? menu)
  }
}
// #endregion
