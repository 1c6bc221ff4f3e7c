import type { Agent } from './agent.ts'

/** An agent that plays 16 kHz mono PCM to the end, then hangs up. `loadPrompt` makes such PCM of a WAV file. */
export function createPromptAgent(prompt: Int16Array): Agent {
  return async (call) => {
    await call.play(prompt).finished
  }
}
