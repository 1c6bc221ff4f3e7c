import type { Agent, Call } from '../../agents/agent.ts'

/** What is said faster than real time comes in pieces of so much. */
const CHUNK_SAMPLES = 1_600

/** Says back what it hears, through 16 kHz PCM; a digit cuts it short, and it goes on with what is said next. */
export const echoAgent: Agent = async (call) => {
  clearOnDigit(call)
  while (!call.signal.aborted) await call.play(call.audio()).finished.catch(() => {})
}

/** Never stops talking, listens all the while, and always has the next words ready: a digit makes it begin anew. */
export function createTalkativeAgent(speech: Int16Array): Agent {
  return async (call) => {
    clearOnDigit(call)
    call.onAudio(() => {})
    while (!call.signal.aborted) await call.play(endless(speech)).finished.catch(() => {})
  }
}

function clearOnDigit(call: Call): void {
  call.on('digit.received', () => void call.clear())
}

function* endless(speech: Int16Array): Generator<Int16Array> {
  for (;;) {
    for (let from = 0; from < speech.length; from += CHUNK_SAMPLES) yield speech.subarray(from, from + CHUNK_SAMPLES)
  }
}
