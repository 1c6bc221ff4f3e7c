import { describe, expect, it } from 'vitest'
import { frame, TEXT } from './raw-peer.ts'
import { closeOf, eventually, PUBLIC_URL } from './socket-rig.ts'
import { API_TOKEN, PATH, HOURS_12, type Headers, openViewers } from './viewer-rig.ts'

describe('an upgrade to the inspector', () => {
  it('is let in with the cookie of a session, from our own page', async () => {
    const rig = await openViewers()
    await rig.look()
    await rig.look({ ...rig.headers(), origin: PUBLIC_URL })
    expect(rig.endpoint.connections).toBe(2)
    expect(rig.open).toHaveBeenCalledTimes(2)
  })

  it('is let in with the API token, and then needs no page', async () => {
    const rig = await openViewers()
    await rig.look({ authorization: `Bearer ${API_TOKEN}` })
    expect(rig.endpoint.connections).toBe(1)
  })

  it.each([
    ['401', 'has no cookie', { cookie: '' }],
    ['401', 'has a cookie that is made up', { cookie: `callchart_inspector=9.${'n'.repeat(22)}.${'s'.repeat(43)}` }],
    ['401', 'has another token', { cookie: '', authorization: 'Bearer another-token' }],
    ['403', 'comes from a foreign page', { origin: 'https://evil.example' }],
    ['403', 'comes from another port of this host', { origin: 'http://127.0.0.1:1' }],
    ['403', 'comes from a page without an origin', { origin: 'null' }],
    [
      '403',
      'comes from a page without an origin, of the same one',
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
    ],
    ['403', 'comes from a foreign page without a cookie', { origin: 'https://evil.example', cookie: '' }],
    [
      '403',
      'comes from a foreign page with the token',
      {
        origin: 'https://evil.example',
        cookie: '',
        authorization: `Bearer ${API_TOKEN}`,
      },
    ],
  ])('is answered with %s when it %s', async (status, _, changed: Headers) => {
    const rig = await openViewers()
    expect(await rig.connect({ ...rig.headers(), ...changed })).toBe(Number(status))
    expect(rig.endpoint.connections).toBe(0)
    expect(rig.open).not.toHaveBeenCalled()
    expect(rig.clock.pending).toBe(0)
  })

  it('is answered with 403 when it has the cookie and says nothing of its page', async () => {
    const rig = await openViewers()
    const { host, cookie = '' } = rig.headers()
    expect(await rig.connect({ host: host ?? '', cookie })).toBe(403)
    expect(rig.open).not.toHaveBeenCalled()
  })

  it('is answered with 401 once the session is over, and leaves alone who is there already', async () => {
    const rig = await openViewers()
    const headers = rig.headers()
    const client = await rig.look(headers)
    rig.now.epoch += HOURS_12
    expect(await rig.connect(headers)).toBe(401)
    client.send('still here')
    await eventually(() => expect(rig.viewer.heard).toEqual(['still here']))
  })

  it('is answered with 403 where there is no API token, and names the variable', async () => {
    const rig = await openViewers({ apiToken: undefined })
    const { status, text } = await rig.refusal({ authorization: 'Bearer undefined' })
    expect(status).toBe(403)
    expect(text).toContain('CALLCHART_API_TOKEN')
    expect(rig.open).not.toHaveBeenCalled()
  })

  it('is told what was expected and what came, and so is the log', async () => {
    const rig = await openViewers()
    const { status, text } = await rig.refusal({ ...rig.headers(), origin: 'https://evil.example' })
    expect(status).toBe(403)
    for (const told of [text, rig.lines.join('')]) {
      for (const part of [PUBLIC_URL, `http://${rig.host}`, 'https://evil.example']) expect(told).toContain(part)
    }
    const { text: untrusted } = await rig.refusal({ authorization: 'Bearer some-secret' })
    for (const told of [untrusted, rig.lines.join('')]) expect(told).not.toContain('some-secret')
  })

  it('is refused before 101: no byte of the refused is read as a message', async () => {
    const rig = await openViewers()
    const peer = rig.raw({ headers: { Cookie: 'a=b' }, firstBytes: frame(TEXT, 'hello') })
    await eventually(() => expect(peer.status).toBe(401))
    await eventually(async () => expect(await rig.openConnections()).toBe(0))
    expect(rig.open).not.toHaveBeenCalled()
  })

  it('is answered with 503 when too many look, until one of them goes', async () => {
    const rig = await openViewers({ maxViewers: 2 })
    const first = await rig.look()
    await rig.look()
    const { status, text } = await rig.refusal(rig.headers())
    expect(status).toBe(503)
    expect(text).toContain('at most 2')
    first.close()
    await eventually(() => expect(rig.endpoint.connections).toBe(1))
    expect(await rig.connect()).not.toBeTypeOf('number')
  })

  it('lets sixteen look unless told otherwise', async () => {
    const rig = await openViewers()
    await Promise.all(Array.from({ length: 16 }, () => rig.look()))
    expect(await rig.connect()).toBe(503)
  })

  it('that is no WebSocket handshake is answered with 400', async () => {
    const rig = await openViewers()
    const peer = rig.raw({ headers: { 'Sec-WebSocket-Key': 'short' } })
    await eventually(() => expect(peer.status).toBe(400))
    expect(rig.open).not.toHaveBeenCalled()
  })

  it('gets no compression, though it is offered', async () => {
    const rig = await openViewers()
    const client = await rig.look()
    expect(client.extensions).toBe('')
  })

  it.each([
    [`${PATH}?x=1`, 101],
    [`${PATH}/`, 404],
    ['/inspector', 404],
    ['/INSPECTOR/socket', 404],
    ['/inspector/socke%74', 404],
    ['/inspector/../inspector/socket', 404],
    ['//inspector/socket', 404],
    // The carrier's, which is not signed here.
    ['/ws', 403],
  ])('is for the inspector only at its own path: %s', async (path, status) => {
    const rig = await openViewers()
    const peer = rig.raw({ path })
    await eventually(() => expect(peer.status).toBe(status))
    expect(rig.open).toHaveBeenCalledTimes(status === 101 ? 1 : 0)
  })
})

describe('closing the endpoint', () => {
  it('closes every socket with 1001, and lets nobody in afterwards', async () => {
    const rig = await openViewers()
    const clients = await Promise.all([rig.look(), rig.look()])
    const closes = clients.map(closeOf)
    rig.endpoint.close()
    expect((await Promise.all(closes)).map(({ code }) => code)).toEqual([1001, 1001])
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.viewers.map(({ heard }) => heard)).toEqual([['(closed)'], ['(closed)']])
    expect(await rig.connect()).toBe(503)
  })
})
