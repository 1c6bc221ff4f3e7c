import { describe, expect, it } from 'vitest'
import { CALL, openHttp, problemOf } from './http-rig.ts'

const path = (rest: string) => `/calls/${CALL.id}${rest}`

describe('POST /calls/:id/transfer', () => {
  it('passes on whom to call, and answers 202 with the call', async () => {
    const http = await openHttp()
    const wish = { to: '+15551234567', from: '+15550100000', agent: 'echo', ringTimeoutSeconds: 20 }
    const response = await http.ask('POST', path('/transfer'), wish)
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual(CALL)
    expect(http.calls.transfer).toHaveBeenCalledWith(CALL.id, wish)
  })

  it.each([
    [{}, 'to'],
    [{ to: 5 }, 'to'],
    [{ to: '+15551234567', ringTimeoutSeconds: 4 }, 'ringTimeoutSeconds'],
    [{ to: '+15551234567', ringTimeoutSeconds: 2.5 }, 'ringTimeoutSeconds'],
    [{ to: '+15551234567', url: 'https://example.com' }, 'url'],
  ])('refuses %j, naming what is wrong', async (body, place) => {
    const http = await openHttp()
    const response = await http.ask('POST', path('/transfer'), body)
    expect(response.status).toBe(400)
    const { code, detail } = await problemOf(response)
    expect(code).toBe('BODY_INVALID')
    expect(detail).toContain(place)
    expect(http.calls.transfer).not.toHaveBeenCalled()
  })

  it('answers 404 for a call that is not there', async () => {
    const http = await openHttp()
    const response = await http.ask('POST', '/calls/call_zzzzzzzzzzzzzzzzzzzz/transfer', { to: '+15551234567' })
    expect(response.status).toBe(404)
    expect(await problemOf(response)).toMatchObject({ code: 'CALL_UNKNOWN' })
  })
})

describe('/calls/:id/hold', () => {
  it.each([
    ['POST', 'hold'],
    ['DELETE', 'resume'],
  ] as const)('%s means %s', async (method, wish) => {
    const http = await openHttp()
    expect((await http.ask(method, path('/hold'))).status).toBe(200)
    expect(http.calls.hold).toHaveBeenCalledWith(CALL.id, wish)
  })
})

describe('/calls/:id/recording', () => {
  it.each([
    ['POST', undefined, { do: 'start' }],
    ['POST', { channels: 'mono' }, { do: 'start', channels: 'mono' }],
    ['PATCH', { status: 'paused' }, { do: 'pause' }],
    ['PATCH', { status: 'in-progress' }, { do: 'resume' }],
    ['DELETE', undefined, { do: 'stop' }],
  ] as const)('%s with %j means %j', async (method, body, wish) => {
    const http = await openHttp()
    const response = await http.ask(method, path('/recording'), body)
    expect(response.status).toBe(200)
    expect(http.calls.record).toHaveBeenCalledWith(CALL.id, wish)
  })

  it.each([
    ['POST', { channels: 'quadro' }],
    ['PATCH', { status: 'backwards' }],
    ['PATCH', undefined],
  ] as const)('%s with %j is refused', async (method, body) => {
    const http = await openHttp()
    expect((await http.ask(method, path('/recording'), body)).status).toBe(400)
    expect(http.calls.record).not.toHaveBeenCalled()
  })
})

describe('what changes a call', () => {
  it.each([
    ['POST', '/transfer'],
    ['POST', '/hold'],
    ['DELETE', '/hold'],
    ['POST', '/recording'],
    ['PATCH', '/recording'],
    ['DELETE', '/recording'],
  ])('is for those with the token alone: %s %s', async (method, rest) => {
    const http = await openHttp()
    const response = await fetch(http.url + path(rest), { method })
    expect(response.status).toBe(401)
    expect(http.asked()).toBe(0)
  })
})
