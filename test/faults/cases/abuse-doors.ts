import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { signWebhook } from '../../../src/twilio/signature.ts'
import { openForeignSocket, startMessage, tokenIn } from '../../scenarios/foreign-socket.ts'
import { OUR_NUMBER, PUBLIC_URL, type Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'

/** A stream that names a call of ours, with a token that is no good any more, or never was. */
function staleToken(
  name: string,
  expected: string,
  tokenOf: (stage: Stage) => Promise<{ callSid: string; token: string; over: () => Promise<void> }>,
): StagedFault {
  return {
    name,
    expected,
    befall: async ({ stage }) => {
      const { callSid, token, over } = await tokenOf(stage)
      const before = stage.views().map(({ id, streamSid }) => ({ id, streamSid }))
      const foreign = await openForeignSocket(stage)
      foreign.send(startMessage(stage, { callSid, token }))
      expect(await foreign.closed()).toMatchObject({ code: 1008 })
      expect(stage.views().map(({ id, streamSid }) => ({ id, streamSid }))).toEqual(before)
      await over()
      return 'closed with 1008; no call has another stream'
    },
  }
}

async function callInProgress(stage: Stage) {
  const { caller, call } = await stage.caller()
  const over = async () => {
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  }
  return { caller, call, over }
}

/** Given while the call was going on, and never used. */
async function outlivedToken(stage: Stage) {
  const { caller, call, over } = await callInProgress(stage)
  const token = tokenIn(await stage.meanwhile(stage.askAgain(call.sid, caller.number)))
  expect(token.length).toBeGreaterThan(30)
  await over()
  return { callSid: call.sid, token, over: async () => {} }
}

const tokens: readonly StagedFault[] = [
  staleToken('replays the token of a stream', 'closed with 1008; the call keeps the stream it has', async (stage) => {
    const { call, over } = await callInProgress(stage)
    return { callSid: call.sid, token: call.stream?.customParameters['token'] ?? '', over }
  }),
  staleToken(
    'forges a token for a call in progress',
    'closed with 1008; the call keeps the stream it has',
    async (stage) => {
      const { call, over } = await callInProgress(stage)
      return { callSid: call.sid, token: 'x'.repeat(43), over }
    },
  ),
  staleToken('uses a fresh token when its call is over', 'closed with 1008; the call stays over', outlivedToken),
]

type Headers = Readonly<Record<string, string>>

/** The cookie of somebody who has logged in to the inspector. */
async function logIn(stage: Stage): Promise<string> {
  const body = new URLSearchParams({ token: stage.apiToken })
  const login = { method: 'POST', headers: { origin: stage.url }, redirect: 'manual', body } as const
  const response = await fetch(`${stage.url}/inspector/login`, login)
  expect(response.status).toBe(303)
  return response.headers.get('set-cookie')?.split(';')[0] ?? ''
}

/** The status with which a socket is refused, or 101. */
async function knock(stage: Stage, headers: Headers): Promise<number> {
  const socket = new WebSocket(`${stage.url.replace('http', 'ws')}/inspector/socket`, { headers })
  onTestFinished(() => socket.terminate())
  socket.on('error', () => undefined)
  const status = await new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101))
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
  })
  socket.terminate()
  return status
}

const FOREIGN = 'https://evil.example'

const inspectorSocket: StagedFault = {
  name: 'opens the inspector’s socket from a page of another site',
  expected: '403, cookie or not; from our own page 101',
  befall: async ({ stage }) => {
    const cookie = await logIn(stage)
    const foreign: readonly Headers[] = [
      { cookie, origin: FOREIGN },
      { cookie, origin: `${PUBLIC_URL}.evil.example` },
      { cookie, origin: 'null' },
      { cookie },
      { cookie, 'sec-fetch-site': 'same-origin' },
      { origin: FOREIGN },
    ]
    for (const headers of foreign) expect([headers, await knock(stage, headers)]).toEqual([headers, 403])
    expect(await knock(stage, { cookie, origin: stage.url })).toBe(101)
    return `403 to ${foreign.length} of ${foreign.length}; 101 to our own page`
  },
}

const inspectorPost: StagedFault = {
  name: 'posts to the inspector with its cookie, from another site or without a word of where from',
  expected: '403, and nothing is done: no call is placed, none hung up; from our own page it is done',
  befall: async ({ stage }) => {
    const { call } = await stage.caller()
    const cookie = await logIn(stage)
    const unproven: readonly Headers[] = [
      { cookie },
      { cookie, origin: FOREIGN },
      { cookie, origin: 'null' },
      { cookie, 'sec-fetch-site': 'cross-site' },
      { cookie, 'sec-fetch-site': 'same-site' },
    ]
    const hangUp = (headers: Headers) =>
      stage.meanwhile(fetch(`${stage.url}/inspector/calls/${call.sid}`, { method: 'DELETE', headers }))
    const dial = (headers: Headers) => {
      const json = { ...headers, 'content-type': 'application/json' }
      const asked = { method: 'POST', headers: json, body: JSON.stringify({ to: '+15552220001' }) }
      return stage.meanwhile(fetch(`${stage.url}/inspector/calls`, asked))
    }
    for (const headers of unproven) {
      const statuses = [(await hangUp(headers)).status, (await dial(headers)).status]
      expect([headers, statuses]).toEqual([headers, [403, 403]])
    }
    expect(stage.view(call.sid).state).toBe('active')
    expect(stage.carrier.calls.filter(({ direction }) => direction !== 'inbound')).toEqual([])
    expect((await hangUp({ cookie, origin: stage.url })).status).toBe(200)
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'hung up by API' })
    return `403 to ${unproven.length} of ${unproven.length}, twice; 200 to our own page, and the call was over`
  },
}

const TO = '"to":"+15552220001"'

/** Each with the status that it gets. */
const BODIES: readonly (readonly [body: string, status: number])[] = [
  [`{${TO},"parameters":{"a":"${'x'.repeat(70_000)}"}}`, 413],
  ['['.repeat(30_000) + ']'.repeat(30_000), 400],
  [`{${TO},"timers":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`, 400],
  [`{${TO},"__proto__":{"polluted":true}}`, 400],
  [`{${TO},"constructor":{"prototype":{"polluted":true}}}`, 400],
  [`{${TO},"timers":{"__proto__":{"polluted":true}}}`, 400],
  ['{"__proto__":{"to":"+15552220001"}}', 400],
]

/** A signed form of the carrier's, of any length. */
async function postForm(stage: Stage, form: Headers): Promise<number> {
  const params = { AccountSid: stage.carrier.accountSid, ...form }
  const signature = signWebhook({ url: `${PUBLIC_URL}/twiml`, params, token: stage.carrier.authToken })
  const headers = { 'x-twilio-signature': signature }
  const answer = fetch(`${stage.url}/twiml`, { method: 'POST', headers, body: new URLSearchParams(params) })
  return (await stage.meanwhile(answer)).status
}

const twistedBodies: StagedFault = {
  name: 'sends bodies over 64 kB, nested ten thousand deep, or with `__proto__`',
  expected: '413 or 400; no prototype is changed, no call is made',
  befall: async ({ stage }) => {
    const headers = { authorization: `Bearer ${stage.apiToken}`, 'content-type': 'application/json' }
    for (const path of ['/calls', '/inspector/calls']) {
      for (const [body, expected] of BODIES) {
        const { status } = await fetch(stage.url + path, { method: 'POST', headers, body })
        expect([path, body.slice(0, 60), status]).toEqual([path, body.slice(0, 60), expected])
      }
    }
    const form = { CallSid: `CA${'a'.repeat(32)}`, From: '+15551110001', To: OUR_NUMBER, CallStatus: 'ringing' }
    expect(await postForm(stage, { ...form, Direction: 'inbound', FromCity: 'x'.repeat(70_000) })).toBe(413)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(stage.carrier.calls.filter(({ direction }) => direction !== 'inbound')).toEqual([])
    expect(stage.views()).toHaveLength(2)
    return '413 for what was too long, 400 for the rest; no call'
  },
}

/** What somebody tries who may have seen a thing or two, but not the API token. */
export const DOORS: readonly StagedFault[] = [...tokens, inspectorSocket, inspectorPost, twistedBodies]
