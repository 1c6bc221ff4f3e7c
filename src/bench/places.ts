import { fileURLToPath } from 'node:url'

/** The compiled program lies in `dist/src/bench`, what is not compiled in `src`: both are found from either. */
const ROOT = new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url)
const inRoot = (path: string) => fileURLToPath(new URL(path, ROOT))

/** What every Node process of the bench runs. */
export const MAIN_FILE = inRoot('dist/src/bench/main.js')
export const PEER_FILE = inRoot('src/bench/peers/fastapi_echo.py')
export const SPEECH_FOLDER = inRoot('src/examples/speech')
export const PROMPT_FILE = inRoot('src/examples/speech/callee.wav')
export const RESULTS_FOLDER = inRoot('diagrams/bench')
export const LOCK_FILE = inRoot('package-lock.json')
