import { connect } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { openHttp, problemOf } from './http-rig.ts'

describe('GET /healthz', () => {
  it('says that the process is alive, to anybody, even while it takes no calls', async () => {
    const http = await openHttp({ apiToken: undefined })
    http.calls.readiness.mockReturnValue('draining')
    const response = await fetch(`${http.url}/healthz`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'alive' })
  })
})

describe('GET /readyz', () => {
  it.each([
    ['ready', 200],
    ['full', 503],
    ['overloaded', 503],
    ['draining', 503],
  ] as const)('when the node is %s, answers %i and says so', async (readiness, status) => {
    const http = await openHttp()
    http.calls.readiness.mockReturnValue(readiness)
    const response = await fetch(`${http.url}/readyz`)
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ status: readiness })
  })
})

describe('a route', () => {
  it.each(['/', '/nowhere', '/twiml/other', '/calls/a/b/c', '//', '/ws', '/healthz/x'])(
    'that does not exist is answered with 404: %s',
    async (path) => {
      const http = await openHttp()
      const response = await http.ask('GET', path)
      expect(response.status).toBe(404)
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(await problemOf(response)).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    },
  )

  it.each([
    ['GET', '/twiml', 'POST'],
    ['GET', '/twiml/next', 'POST'],
    ['GET', '/status', 'POST'],
    ['PUT', '/calls', 'GET'],
    ['PATCH', '/calls/x', 'DELETE'],
    ['GET', '/calls/x/digits', 'POST'],
    ['POST', '/healthz', 'GET'],
    ['DELETE', '/readyz', 'GET'],
  ])('asked by a wrong method is answered with 405 and the right ones: %s %s', async (method, path, allowed) => {
    const http = await openHttp()
    const response = await http.ask(method, path)
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toContain(allowed)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await problemOf(response)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' })
  })

  it('asked by a method that no route has is answered with 501', async () => {
    const http = await openHttp()
    const response = await http.ask('PROPFIND', '/calls')
    expect(response.status).toBe(501)
    expect((await problemOf(response)).code).toBe('METHOD_NOT_ALLOWED')
  })

  it.each(['http://evil.example/twiml', '/%', '/calls/%E0%A4%A', '*', '/twiml?%', '/status?call=%E0%A4%A'])(
    'asked for by an odd target is refused, never a failure: %s',
    async (target) => {
      const http = await openHttp()
      const status = await http.raw('POST', target)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(http.lines.filter((line) => line.includes('request failed'))).toEqual([])
    },
  )
})

describe('a peer that goes away before it has its answer', () => {
  it('is told of in the log and nowhere else', async () => {
    const http = await openHttp()
    const print = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    let answer = (): void => undefined
    http.calls.hangUp.mockReturnValue(
      new Promise((resolve) => {
        answer = () => resolve(undefined)
      }),
    )
    const { port } = new URL(http.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write('DELETE /calls/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer an-api-token-of-some-length\r\n\r\n')
    await vi.waitFor(() => expect(http.calls.hangUp).toHaveBeenCalled(), { interval: 2 })
    socket.resetAndDestroy()
    await vi.waitFor(async () => expect(await http.connections()).toBe(0), { interval: 2 })
    answer()
    await vi.waitFor(() => expect(http.lines).toHaveLength(1), { interval: 2 })
    expect(http.lines[0]).toContain('an answer could not be sent')
    expect(print).not.toHaveBeenCalled()
    print.mockRestore()
  })
})
