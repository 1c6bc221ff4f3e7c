import { connect } from 'node:net'
import { sleep } from '../simulator/waiting.ts'
import type { Chance } from './chance.ts'
import { SOCKET_URL, type Stage } from './stage.ts'

/** Somebody who has no business here, or asks clumsily: for what must be answered, refused, and never noticed by a call. */

type Deed = (stage: Stage, chance: Chance) => Promise<string | undefined>

const PAUSE = { low: 200, high: 3_000 } as const
/** Real time: bytes on their way to a server and back. */
const PATIENCE_MS = 5_000
const LARGE_BODY = 100_000

/** An API request that has to be answered with one of these. */
const asking =
  (method: string, path: string, statuses: readonly number[], body?: unknown): Deed =>
  async ({ api }) => {
    const { status, text } = await api.ask(method, path, body)
    return statuses.includes(status)
      ? undefined
      : `${method} ${path}: expected ${statuses.join(' or ')}, got ${status} ${text}`
  }

const DEEDS: readonly [Deed, ...Deed[]] = [
  asking('GET', '/healthz', [200]),
  asking('GET', '/readyz', [200, 503]),
  asking('GET', '/metrics', [200]),
  asking('GET', '/calls?limit=5', [200]),
  asking('GET', '/calls?state=active&limit=1000', [200]),
  asking('GET', '/calls?since=yesterday', [400]),
  asking('GET', '/calls/call_aaaaaaaaaaaaaaaaaaaa', [404]),
  asking('DELETE', '/calls/nobody', [404]),
  asking('POST', '/calls', [400], { to: 17 }),
  asking('POST', '/calls', [403, 503], { to: '+442079460000' }),
  asking('POST', '/calls', [400], { to: '+15552000000', agent: 'nobody' }),
  asking('GET', '/nothing/here', [404]),
  posting('/twiml', 403),
  posting('/status', 403),
  posting('/twiml/dialled', 403),
  posting('/recorded', 403),
  tooMuch,
  wrongToken,
  forgedStream,
  talkingBytes('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
  talkingBytes('\u0016\u0003\u0001 no HTTP at all'),
  talkingBytes(
    'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  ),
  talkingBytes('POST /twiml HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf'),
]

/** Goes on until `signal` aborts; `complain` is told of each answer that was none or another. */
export async function strollAbout(stage: Stage, chance: Chance, signal: AbortSignal, complain: (what: string) => void) {
  while (!signal.aborted) {
    await sleep(stage.clock, chance.ms(PAUSE.low, PAUSE.high), signal)
    if (signal.aborted) return
    try {
      const complaint = await chance.pick(DEEDS)(stage, chance)
      if (complaint !== undefined) complain(complaint)
    } catch (error) {
      complain(`a stranger was not answered: ${String(error)}`)
    }
  }
}

function posting(path: string, expected: number): Deed {
  return async ({ api, carrier }) => {
    const body = new URLSearchParams({
      CallSid: `CA${'0'.repeat(32)}`,
      AccountSid: carrier.accountSid,
      CallStatus: 'ringing',
    })
    const { status } = await carrier.during(
      fetch(api.url + path, { method: 'POST', body, headers: { connection: 'close' } }),
    )
    return status === expected ? undefined : `POST ${path}, unsigned: expected ${expected}, got ${status}`
  }
}

async function tooMuch({ api }: Stage): Promise<string | undefined> {
  const { status } = await api.ask('POST', '/calls', { to: 'x'.repeat(LARGE_BODY) })
  return status >= 400 && status < 500 ? undefined : `a body of ${LARGE_BODY} bytes: expected 4xx, got ${status}`
}

async function wrongToken({ api, carrier }: Stage): Promise<string | undefined> {
  const headers = { authorization: 'Bearer a-token-that-is-none', connection: 'close' }
  const { status } = await carrier.during(fetch(`${api.url}/calls`, { headers }))
  return status === 401 ? undefined : `a wrong token: expected 401, got ${status}`
}

/** Signed as the carrier's are, for no call. */
async function forgedStream({ carrier }: Stage): Promise<string | undefined> {
  const { by, closeCode } = await carrier.opensStream({ url: SOCKET_URL, customParameters: { token: 'forged' } }).ended
  return by === 'server' && closeCode === 1008
    ? undefined
    : `a stream of no call: expected 1008, got ${closeCode ?? by}`
}

/** Says something, and goes whether or not it was answered. */
function talkingBytes(bytes: string): Deed {
  return ({ api, carrier }) => {
    const { hostname, port } = new URL(api.url)
    return carrier.during(
      new Promise((resolve) => {
        const socket = connect(Number(port), hostname, () => {
          socket.write(bytes, 'latin1')
          socket.end()
        })
        socket.setTimeout(PATIENCE_MS, () => socket.destroy())
        socket.on('error', () => {})
        socket.resume()
        socket.once('close', () => resolve(undefined))
      }),
    )
  }
}
