import { spawnSync } from 'node:child_process'
import { INSPECTOR_PATH } from '../viewer-session.ts'
import { BENCH_ACCOUNT, BENCH_API_TOKEN } from './bench-account.ts'
import type { LoadTarget } from './load/dialer.ts'
import { MAIN_FILE, PEER_FILE, PROMPT_FILE } from './places.ts'

/** Who is compared. */
export interface Contender {
  readonly name: string
  readonly what: string
  readonly argv: readonly string[]
  readonly target: Omit<LoadTarget, 'port'>
  /** How long a frame may wait by design, in milliseconds: the period of a timer that stands in its way. */
  readonly pacingMs: number
  /** Whether it tells of its heap. */
  readonly isNode: boolean
}

export const PYTHON = 'python'
const PYTHON_COMMANDS = ['python3', '/usr/bin/python3']
const PYTHON_NEEDS = 'import fastapi, uvicorn, uvloop, audioop'
export const PYTHON_PROTOCOLS = ['websockets', 'wsproto'] as const
export type PythonProtocol = (typeof PYTHON_PROTOCOLS)[number]

const PLAIN = { path: '/ws', isEchoed: true }
const SIGNED = { ...PLAIN, webhook: BENCH_ACCOUNT }
const INSPECTOR = { path: `${INSPECTOR_PATH}/socket`, token: BENCH_API_TOKEN }

export const CALLCHART: Contender = {
  name: 'callchart',
  what: 'echo through 16 kHz PCM, with statechart, signatures and ledger',
  argv: node('server', 'callchart', 'echo', PROMPT_FILE),
  target: { ...SIGNED, inspector: INSPECTOR },
  pacingMs: 0,
  isNode: true,
}

export const TALKATIVE: Contender = {
  name: 'callchart, talkative',
  what: 'the same, but the agent has its next words ready faster than real time',
  argv: node('server', 'callchart', 'talkative', PROMPT_FILE),
  target: { ...SIGNED, isEchoed: false },
  pacingMs: 0,
  isNode: true,
}

export const FLOOR: Contender = {
  name: 'floor',
  what: 'ws, JSON.parse and JSON.stringify; no conversion, no state, no webhook',
  argv: node('server', 'floor'),
  target: PLAIN,
  pacingMs: 0,
  isNode: true,
}

export const NAIVE: Contender = {
  name: 'naive',
  what: 'callchart with wave-resampler frame by frame, JSON both ways and a timer for each call',
  argv: node('server', 'naive'),
  target: SIGNED,
  pacingMs: 20,
  isNode: true,
}

/** The Python design; undefined where Python has not got what it needs. */
export function findPython(protocol: PythonProtocol): Contender | undefined {
  const python = PYTHON_COMMANDS.find((command) => {
    return spawnSync(command, ['-W', 'ignore', '-c', `${PYTHON_NEEDS}, ${protocol}`]).status === 0
  })
  if (python === undefined) return undefined
  return {
    name: PYTHON,
    what: `FastAPI, uvicorn, uvloop, ${protocol}, audioop; a task for each call`,
    argv: [python, '-W', 'ignore', PEER_FILE, protocol],
    target: PLAIN,
    pacingMs: 20,
    isNode: false,
  }
}

function node(...args: readonly string[]): readonly string[] {
  return [process.execPath, '--expose-gc', MAIN_FILE, ...args]
}
