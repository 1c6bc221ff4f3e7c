import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished } from 'vitest'
import { signUpgrade } from '../../../src/twilio/signature.ts'
import { PUBLIC_URL, type Stage } from '../../scenarios/stage.ts'
import { RawPeer } from '../../sockets/raw-peer.ts'
import type { StagedFault } from '../fault.ts'

/** Too many who connect, and those who say too much or too little. */

const CROWD = 500
const DAWDLERS = 1_000
/** Ten seconds for the headers, one until that is looked at, and what a busy machine takes. */
const CLOSED_WITHIN_MS = 14_000

const portOf = (stage: Stage): number => Number(new URL(stage.url).port)

function dial(stage: Stage): Socket {
  const socket = connect(portOf(stage), '127.0.0.1')
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Says `bytes` on a connection of its own; resolves with the statuses that are answered until it is closed. */
async function say(stage: Stage, bytes: string): Promise<number[]> {
  const socket = dial(stage)
  socket.write(bytes)
  const answers = await stage.meanwhile(text(socket).catch(() => ''))
  return [...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))
}

const get = (headers = '') => `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`

const signed = (stage: Stage) => ({
  'X-Twilio-Signature': signUpgrade({
    url: `${PUBLIC_URL.replace('https', 'wss')}/ws`,
    token: stage.carrier.authToken,
  }),
})

const crowd: StagedFault = {
  name: `${CROWD} signed media sockets and ${CROWD} requests at once`,
  expected: 'each is served, or refused with 503; who calls a moment later gets through',
  befall: async ({ stage }) => {
    const peers = Array.from({ length: CROWD }, () => new RawPeer(portOf(stage), { headers: signed(stage) }))
    onTestFinished(() => peers.forEach(({ socket }) => socket.destroy()))
    const requests = Array.from({ length: CROWD }, () => say(stage, get()))
    const statuses = (await Promise.all(requests)).flat()
    await stage.carrier.until(() => peers.every(({ status }) => status !== undefined), {
      timeoutMs: 1_000,
      what: 'every upgrade to be answered',
    })
    const letIn = peers.filter(({ status }) => status === 101)
    const refused = peers.filter(({ status }) => status === 503)
    expect(letIn.length + refused.length).toBe(CROWD)
    expect(refused.every(({ answer }) => /^Retry-After: 1$/m.test(answer))).toBe(true)
    expect(statuses).toEqual(Array<number>(CROWD).fill(200))
    for (const { socket } of peers) socket.destroy()
    await stage.clock.advance(1_200)
    const { caller, call } = await stage.caller()
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    return `${letIn.length} sockets let in, ${refused.length} refused with 503; ${statuses.length} requests answered`
  },
}

const dawdlers: StagedFault = {
  name: 'a thousand sockets that say nothing, or their headers a byte a second',
  expected: 'others are served meanwhile; each is closed after 10 s',
  // Node measures these by its own clock, so they take the ten seconds that they take.
  befall: async ({ stage }) => {
    const began = performance.now()
    const closed = Array.from({ length: DAWDLERS }, (_, index) => {
      const socket = dial(stage)
      const isMute = index % 4 === 0
      if (!isMute) socket.write('GET /healthz HTTP/1.1\r\nX-')
      const drip = setInterval(() => void (isMute || socket.write('X')), 1_000)
      socket.resume()
      return new Promise<number>((resolve) => {
        socket.once('close', () => {
          clearInterval(drip)
          resolve(performance.now() - began)
        })
      })
    })
    expect(await say(stage, get())).toEqual([200])
    expect(Math.max(...(await Promise.all(closed)))).toBeLessThan(CLOSED_WITHIN_MS)
    expect(await say(stage, get())).toEqual([200])
    return `all ${DAWDLERS} closed; a request was answered meanwhile`
  },
}

interface Excess {
  readonly what: string
  readonly request: (stage: Stage) => string
  readonly status: number
  /** What was not read is answered with a reset, which may overtake the answer. */
  readonly mayBeCut?: boolean
}

function tooMuch({ what, request, status, mayBeCut = false }: Excess): StagedFault {
  const refusal = mayBeCut ? `${status}, or cut off before it was read` : String(status)
  return {
    name: what,
    expected: `${refusal}; whoever asks next is answered`,
    befall: async ({ stage }) => {
      const statuses = await say(stage, request(stage))
      expect(mayBeCut && statuses.length === 0 ? [status] : statuses).toEqual([status])
      expect(await say(stage, get())).toEqual([200])
      return `refused with ${refusal}`
    },
  }
}

const upgrade = (headers: string) =>
  `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${headers}\r\n`

const headersOf = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

export const CROWDS: readonly StagedFault[] = [
  crowd,
  dawdlers,
  tooMuch({
    what: 'a request with 2,000 headers',
    request: () => get('X-Pad: 1\r\n'.repeat(2_000)),
    status: 431,
    mayBeCut: true,
  }),
  tooMuch({ what: 'a request with 101 headers', request: () => get('A: b\r\n'.repeat(99)), status: 431 }),
  tooMuch({
    what: 'a header of 64 kB',
    request: () => get(`X-Pad: ${'x'.repeat(64_000)}\r\n`),
    status: 431,
    mayBeCut: true,
  }),
  tooMuch({
    what: 'a signed upgrade without a key',
    request: (stage) => upgrade(headersOf(signed(stage))),
    status: 400,
  }),
]
