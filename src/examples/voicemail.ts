/** Calls somebody with a message, and leaves it after the beep when a machine answers. */

// #region voicemail
import { type Agent, leaveMessageAfterBeep, loadPrompt } from '../index.ts'

const message = await loadPrompt('src/examples/speech/reminder.wav')

export const reminder: Agent = async (call) => {
  const { by } = await leaveMessageAfterBeep(call, message)
  if (by === 'human') await call.play(message).finished // nothing was left, but somebody listens
}
// #endregion
