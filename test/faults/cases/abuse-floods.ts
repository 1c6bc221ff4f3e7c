import { setTimeout as passed } from 'node:timers/promises'
import { expect } from 'vitest'
import { signUpgrade } from '../../../src/twilio/signature.ts'
import { RawPeer } from '../../sockets/raw-peer.ts'
import { PUBLIC_URL, type Stage } from '../../scenarios/stage.ts'
import { parseExposition } from '../../telemetry/exposition.ts'
import type { StagedFault } from '../fault.ts'

const SLICES = 10
const SLICE_MS = 100

async function figure(stage: Stage, name: string): Promise<number | undefined> {
  // A scrape is answered with the last one's text for a second.
  await stage.clock.advance(1_000)
  const text = await fetch(`${stage.url}/metrics`).then((response) => response.text())
  return parseExposition(text).samples.get(name)
}

function tally(statuses: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** A second in ten parts, in each of which `act` is done so many times at once. */
async function inASecond(stage: Stage, times: number, act: () => Promise<number>): Promise<number[]> {
  const statuses: number[] = []
  for (let slice = 0; slice < SLICES; slice += 1) {
    statuses.push(...(await Promise.all(Array.from({ length: times / SLICES }, act))))
    await stage.clock.advance(SLICE_MS)
  }
  return statuses
}

const askingTooMuch: StagedFault = {
  name: 'asks the API five hundred times in a second, with the token',
  expected:
    '200 to a burst and a hundred a second, 429 with `Retry-After` to the rest; webhooks, health and media go on',
  befall: async ({ stage }) => {
    const headers = { authorization: `Bearer ${stage.apiToken}` }
    const ask = async () => {
      const response = await fetch(`${stage.url}/calls?limit=1`, { headers })
      const { code } = (await response.json()) as { readonly code?: string }
      if (response.status !== 200)
        expect([code, response.headers.get('retry-after')]).toEqual(['API_RATE_LIMITED', '1'])
      return response.status
    }
    expect(tally(await inASecond(stage, 500, ask))).toEqual({ 200: 290, 429: 210 })
    while ((await ask()) === 200);
    expect((await fetch(`${stage.url}/readyz`)).status).toBe(200)
    const { caller, call } = await stage.caller()
    await caller.hangsUp()
    await stage.over(call.sid)
    expect(await figure(stage, 'callchart_api_requests_limited_total')).toBe(211)
    expect(await ask()).toBe(200)
    return '290 answered, 210 refused; a call came in meanwhile; 200 again afterwards'
  },
}

const guessing: StagedFault = {
  name: 'guesses at the token two hundred times in a second',
  expected: '401 each time; whoever has the token is answered as ever; at the login nobody is heard out after ten',
  befall: async ({ stage }) => {
    let guesses = 0
    const guess = async () => {
      guesses += 1
      const headers = { authorization: `Bearer guess-number-${guesses}` }
      return (await fetch(`${stage.url}/calls`, { headers })).status
    }
    expect(tally(await inASecond(stage, 200, guess))).toEqual({ 401: 200 })
    expect((await stage.api('GET', '/calls')).status).toBe(200)
    const logIn = async () => {
      const body = new URLSearchParams({ token: `guess-number-${guesses}` })
      const login = { method: 'POST', headers: { origin: stage.url }, redirect: 'manual', body } as const
      return (await fetch(`${stage.url}/inspector/login`, login)).status
    }
    const statuses = []
    for (let count = 0; count < 12; count += 1) statuses.push(await logIn())
    expect(tally(statuses)).toEqual({ 401: 10, 429: 2 })
    return '401 two hundred times; at the login 401 ten times, then 429'
  },
}

const openingTooMuch: StagedFault = {
  name: 'opens a thousand media sockets in a second, with a signature that was seen, and says nothing',
  expected: '101 to 200, 503 to the rest; callers in progress and a new one go on',
  befall: async ({ stage }) => {
    const port = Number(new URL(stage.url).port)
    const url = `${PUBLIC_URL.replace('https', 'wss')}/ws`
    const headers = { 'x-twilio-signature': signUpgrade({ url, token: stage.carrier.authToken }) }
    const peers: RawPeer[] = []
    const open = async () => {
      const peer = new RawPeer(port, { headers })
      peers.push(peer)
      while (peer.status === undefined && !peer.isClosed) await passed(1)
      return peer.status ?? 0
    }
    expect(tally(await inASecond(stage, 1_000, open))).toEqual({ 101: 200, 503: 800 })
    for (const { socket } of peers) socket.destroy()
    await stage.clock.advance(1_500)
    const { caller, call } = await stage.caller()
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'caller hung up' })
    return '200 opened, 800 refused with 503; a new call came in when they were gone'
  },
}

/** Too much of what is allowed. */
export const FLOODS: readonly StagedFault[] = [askingTooMuch, guessing, openingTooMuch]
