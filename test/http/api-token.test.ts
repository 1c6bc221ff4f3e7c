import { timingSafeEqual } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { API_TOKEN, CALL, openHttp, problemOf } from './http-rig.ts'

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  return { ...crypto, timingSafeEqual: vi.fn<typeof timingSafeEqual>(crypto.timingSafeEqual) }
})

const REQUESTS = [
  ['POST', '/calls'],
  ['GET', '/calls'],
  ['GET', `/calls/${CALL.id}`],
  ['DELETE', `/calls/${CALL.id}`],
  ['POST', `/calls/${CALL.id}/digits`],
] as const

describe.each(REQUESTS)('%s %s', (method, path) => {
  it('is closed without a token in the configuration, and names the missing variable', async () => {
    const http = await openHttp({ apiToken: undefined })
    const response = await http.ask(method, path)
    expect(response.status).toBe(403)
    const { code, detail } = await problemOf(response)
    expect(code).toBe('API_DISABLED')
    expect(detail).toContain('CALLCHART_API_TOKEN')
    expect(http.asked()).toBe(0)
  })

  it.each([
    ['no token', undefined],
    ['another token', `Bearer ${API_TOKEN.replace('a', 'b')}`],
    ['a longer token', `Bearer ${API_TOKEN}x`],
    ['a shorter token', `Bearer ${API_TOKEN.slice(1)}`],
    ['the token as a password', `Basic ${Buffer.from(`x:${API_TOKEN}`).toString('base64')}`],
    ['the bare token', API_TOKEN],
    ['an empty token', 'Bearer '],
  ])('answers 401 to %s', async (_, authorization) => {
    const http = await openHttp()
    const response = await fetch(http.url + path, { method, headers: authorization ? { authorization } : {} })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    const problem = await problemOf(response)
    expect(problem.code).toBe('TOKEN_INVALID')
    expect(JSON.stringify(problem)).not.toContain(API_TOKEN)
    expect(http.asked()).toBe(0)
  })
})

describe('the API token', () => {
  it('is asked for before the body is read', async () => {
    const http = await openHttp()
    const headers = { authorization: 'Bearer wrong', 'content-type': 'application/json' }
    const response = await fetch(`${http.url}/calls`, { method: 'POST', headers, body: 'x'.repeat(200_000) })
    expect(response.status).toBe(401)
  })

  it('is taken in any spelling of the scheme', async () => {
    const http = await openHttp()
    expect((await http.ask('GET', '/calls', undefined, { authorization: `bearer ${API_TOKEN}` })).status).toBe(200)
  })

  it('is compared in constant time, whatever its length', async () => {
    const http = await openHttp()
    for (const given of ['x', 'x'.repeat(1_000), API_TOKEN]) {
      vi.mocked(timingSafeEqual).mockClear()
      await http.ask('GET', '/calls', undefined, { authorization: `Bearer ${given}` })
      expect(timingSafeEqual).toHaveBeenCalledOnce()
    }
  })
})
