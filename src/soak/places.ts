import { fileURLToPath } from 'node:url'

/** The compiled program lies in `dist/src/soak`, its source in `src/soak`: the recordings are at one place for both. */
const SPEECH = new URL(
  import.meta.url.includes('/dist/') ? '../../../src/examples/speech/' : '../examples/speech/',
  import.meta.url,
)

export const CALLER_SPEECH = fileURLToPath(new URL('caller.wav', SPEECH))
export const PROMPT_SPEECH = fileURLToPath(new URL('callee.wav', SPEECH))
