import type { Agent } from './agent.ts'

/** Says back what it hears, through 16 kHz PCM and out again: the shortest proof that the whole pipeline works. */
export const echo: Agent = async (call) => {
  await call.play(call.audio({ chunkMs: 20 })).finished
}
