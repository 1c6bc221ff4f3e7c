import { connect } from 'node:net'
import fc from 'fast-check'
import type { Context } from 'koa'
import { describe, expect, it, vi } from 'vitest'
import { RequestLimits } from '../../src/http/request-limits.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { ViewerSession } from '../../src/viewer-session.ts'
import { API_TOKEN, CALL, formOf, openHttp, problemOf, PUBLIC_URL, VOICE_FORM } from './http-rig.ts'

/** A server that lets `perSecond` requests by, in simulated time, with an inspector. */
async function openLimited(perSecond: number) {
  const clock = new VirtualClock()
  const telemetry = { requestLimited: vi.fn<() => void>() }
  const limits = new RequestLimits({ clock, perSecond, telemetry })
  const session = new ViewerSession({ apiToken: API_TOKEN, publicUrl: PUBLIC_URL, clock, epochNow: () => clock.now() })
  const recording = vi.fn<() => Promise<string>>(() => Promise.resolve('{}\n'))
  const files = { find: () => ({ type: 'text/html', body: '<p>' }) }
  const http = await openHttp({
    apiToken: API_TOKEN,
    limits,
    inspector: (parts) => ({ ...parts, desk: { recording }, session, limits, files }),
  })
  const list = async () => (await http.ask('GET', '/calls')).status
  return {
    ...http,
    clock,
    telemetry,
    list,
    /** Asks until it is one too many. */
    async exhaust() {
      let count = 0
      while ((await list()) === 200) count += 1
      return count
    },
    /** The headers of a browser that has logged in. */
    async loggedIn() {
      const headers = { origin: http.url }
      const login = { method: 'POST', headers, redirect: 'manual', body: formOf([['token', API_TOKEN]]) } as const
      const response = await fetch(`${http.url}/inspector/login`, login)
      return { ...headers, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' }
    },
  }
}

describe('requests to the API', () => {
  it('are let by twice as many at once as in a second; one more gets 429, its code, and when to come again', async () => {
    const http = await openLimited(10)
    expect(await http.exhaust()).toBe(20)
    const response = await http.ask('GET', '/calls')
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await problemOf(response)).toMatchObject({
      status: 429,
      code: 'API_RATE_LIMITED',
      detail: 'expected at most 10 requests a second, and 20 at once, got one more',
    })
    expect(http.calls.list).toHaveBeenCalledTimes(20)
    expect(http.telemetry.requestLimited).toHaveBeenCalledTimes(2)
  })

  it('are let by again as time passes, and no more than a burst after however long', async () => {
    const http = await openLimited(10)
    await http.exhaust()
    await http.clock.advance(99)
    expect(await http.list()).toBe(429)
    await http.clock.advance(1)
    expect([await http.list(), await http.list()]).toEqual([200, 429])
    await http.clock.advance(3_600_000)
    expect(await http.exhaust()).toBe(20)
  })

  it('are as many as will, where the limit is 0', async () => {
    const http = await openLimited(0)
    for (let count = 0; count < 300; count += 1) expect(await http.list()).toBe(200)
  })

  it('have one limit in common, whichever route they ask', async () => {
    const http = await openLimited(1)
    await http.exhaust()
    const routes = [
      ['POST', '/calls'],
      ['GET', `/calls/${CALL.id}`],
      ['DELETE', `/calls/${CALL.id}`],
      ['POST', `/calls/${CALL.id}/digits`],
      ['POST', `/calls/${CALL.id}/transfer`],
      ['POST', `/calls/${CALL.id}/hold`],
      ['DELETE', `/calls/${CALL.id}/recording`],
      ['POST', '/inspector/calls'],
      ['DELETE', `/inspector/calls/${CALL.id}`],
      ['GET', `/inspector/calls/${CALL.id}/recording`],
    ] as const
    for (const [method, path] of routes) expect([path, (await http.ask(method, path)).status]).toEqual([path, 429])
    expect(http.asked()).toBe(2)
  })

  it('are refused before anything of their body is read', async () => {
    const http = await openLimited(1)
    await http.exhaust()
    for (const path of ['/calls', '/inspector/calls']) {
      const socket = connect(Number(new URL(http.url).port), '127.0.0.1')
      const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${API_TOKEN}\r\n`
      socket.write(`${head}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n`)
      // Nothing of the body ever comes.
      const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())))
      expect(answer).toContain('HTTP/1.1 429')
      socket.destroy()
    }
  })

  it('by a wrong token or none use nothing up and are answered as ever', async () => {
    const http = await openLimited(1)
    for (let count = 0; count < 20; count += 1) {
      const authorization = `Bearer wrong-token-number-${count}`
      expect((await http.ask('GET', '/calls', undefined, { authorization })).status).toBe(401)
    }
    expect(await http.exhaust()).toBe(2)
    expect((await http.ask('GET', '/calls', undefined, { authorization: 'Bearer wrong' })).status).toBe(401)
    expect(http.telemetry.requestLimited).toHaveBeenCalledOnce()
  })

  it('are counted apart from those of the pages: a program that asks too much keeps nobody from hanging up', async () => {
    const http = await openLimited(1)
    const [one, other] = [await http.loggedIn(), await http.loggedIn()]
    await http.exhaust()
    const hangUp = async (headers: Readonly<Record<string, string>>) =>
      (await fetch(`${http.url}/inspector/calls/${CALL.id}`, { method: 'DELETE', headers })).status
    expect([await hangUp(one), await hangUp(other), await hangUp(one), await hangUp(other)]).toEqual([
      200, 200, 429, 429,
    ])
    await http.clock.advance(1_000)
    expect([await hangUp(other), await http.list()]).toEqual([200, 200])
  })

  it('are nobody else’s trouble: health, readiness, the carrier’s webhooks, the pages and the login go on', async () => {
    const http = await openLimited(1)
    await http.exhaust()
    for (let count = 0; count < 5; count += 1) {
      expect((await fetch(`${http.url}/healthz`)).status).toBe(200)
      expect((await fetch(`${http.url}/readyz`)).status).toBe(200)
      expect((await http.post('/twiml', VOICE_FORM)).status).toBe(200)
      expect((await http.ask('GET', '/inspector')).status).toBe(200)
      expect((await http.loggedIn()).cookie).toContain('callchart_inspector=')
    }
    expect(await http.list()).toBe(429)
  })
})

describe('a limit of requests', () => {
  it('never lets more by in any stretch of time than a burst and what the stretch brings, nor fewer (property)', async () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 100 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), pauses, async (perSecond, gaps) => {
        const clock = new VirtualClock()
        const limits = new RequestLimits({ clock, perSecond })
        let left = 2 * perSecond
        for (const gapMs of gaps) {
          await clock.advance(gapMs)
          left = Math.min(2 * perSecond, left + (gapMs * perSecond) / 1_000)
          // Sums of fractions: at the very edge either answer is right.
          if (Math.abs(left - 1) < 1e-6) return
          expect(isAdmitted(limits)).toBe(left >= 1)
          if (left >= 1) left -= 1
        }
      }),
      { numRuns: 50 },
    )
  })

  it('says in whole seconds when it is worth coming again', async () => {
    const clock = new VirtualClock()
    const limits = new RequestLimits({ clock, perSecond: 1 })
    const headers = new Map<string, string>()
    for (let count = 0; count < 2; count += 1) expect(isAdmitted(limits, headers)).toBe(true)
    await clock.advance(400)
    expect(isAdmitted(limits, headers)).toBe(false)
    expect(headers.get('Retry-After')).toBe('1')
    await clock.advance(600)
    expect(isAdmitted(limits, headers)).toBe(true)
  })
})

function isAdmitted(limits: RequestLimits, headers = new Map<string, string>()): boolean {
  const context = { set: (name: string, value: string) => headers.set(name, value) } as unknown as Context
  try {
    limits.admit(context, 'token')
    return true
  } catch {
    return false
  }
}
