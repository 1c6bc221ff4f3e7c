import { fileURLToPath } from 'node:url'

/** The compiled program lies in `dist/src/cli`, its source in `src/cli`: the recordings are at one place for both. */
const SPEECH = new URL(
  import.meta.url.includes('/dist/') ? '../../../src/examples/speech/' : '../examples/speech/',
  import.meta.url,
)

export const CALLER_SPEECH = fileURLToPath(new URL('caller.wav', SPEECH))
export const CALLEE_SPEECH = fileURLToPath(new URL('callee.wav', SPEECH))
