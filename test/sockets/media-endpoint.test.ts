import { describe, expect, it } from 'vitest'
import { CONNECTED, START } from '../twilio/wire-messages.ts'
import { frame, TEXT } from './raw-peer.ts'
import { closeOf, eventually, openSockets, say, SECONDARY_TOKEN, STREAM_URL } from './socket-rig.ts'

describe('an upgrade to the media socket', () => {
  it.each([
    ['the URL of the TwiML', {}],
    ['that URL with a slash appended', { url: `${STREAM_URL}/` }],
    ['that URL, by the secondary token', { token: SECONDARY_TOKEN }],
    ['that URL with a slash, by the secondary token', { url: `${STREAM_URL}/`, token: SECONDARY_TOKEN }],
    ['that URL, and asks for it with a slash', { path: '/ws/' }],
    ['that URL with a slash, and asks for it so', { url: `${STREAM_URL}/`, path: '/ws/' }],
  ])('is let in when it signs %s', async (_, options) => {
    const rig = await openSockets()
    expect(await rig.connect(options)).not.toBeTypeOf('number')
    expect(rig.endpoint.connections).toBe(1)
  })

  it.each([
    ['has no signature', { headers: {} }],
    ['has an empty signature', { headers: { 'x-twilio-signature': '' } }],
    ['has any signature', { headers: { 'x-twilio-signature': 'bm90IGEgc2lnbmF0dXJl' } }],
    ['signs with another token', { token: 'another' }],
    ['signs with an empty token', { token: '' }],
    ['signs the https URL', { url: 'https://calls.example.com/ws' }],
    ['signs the ws URL', { url: 'ws://calls.example.com/ws' }],
    ['signs the host it came to', { url: 'ws://127.0.0.1/ws' }],
    ['signs another path', { url: 'wss://calls.example.com/other' }],
    ['signs two slashes', { url: `${STREAM_URL}//` }],
  ])('is answered with 403 when it %s', async (_, options) => {
    const rig = await openSockets()
    expect(await rig.connect(options)).toBe(403)
    expect(rig.endpoint.connections).toBe(0)
    expect(rig.clock.pending).toBe(0)
    expect(rig.admit).not.toHaveBeenCalled()
  })

  it('is refused before 101: no byte of the refused is read as a message', async () => {
    const rig = await openSockets()
    const firstBytes = Buffer.concat([frame(TEXT, JSON.stringify(CONNECTED)), frame(TEXT, JSON.stringify(START))])
    const peer = rig.raw({ headers: { 'x-twilio-signature': 'wrong' }, firstBytes })
    await eventually(() => expect(peer.status).toBe(403))
    expect(peer.answer).not.toContain('101')
    expect(rig.admit).not.toHaveBeenCalled()
  })

  it('is refused without a signature or a token in the log', async () => {
    const rig = await openSockets()
    await rig.connect({ token: 'another' })
    expect(rig.lines).toHaveLength(1)
    expect(rig.lines[0]).toContain('X-Twilio-Signature')
    for (const secret of [SECONDARY_TOKEN, 'primary-auth-token']) expect(rig.lines[0]).not.toContain(secret)
  })

  it.each(['/', '/wss', '/ws/x', '/twiml', '//ws', '/WS', '/%77s'])(
    'to another path is answered with 404: %s',
    async (path) => {
      const rig = await openSockets()
      expect(await rig.connect({ path })).toBe(404)
    },
  )

  it('that was refused holds no connection, even if the peer never closes its half', async () => {
    const rig = await openSockets()
    const peers = ['/ws', '/other'].map((path) => rig.raw({ path, headers: { 'x-twilio-signature': 'wrong' } }))
    await eventually(() => expect(peers.map(({ status }) => status)).toEqual([403, 404]))
    await eventually(async () => expect(await rig.openConnections()).toBe(0))
  })

  it('that is signed and no WebSocket handshake is answered with 400', async () => {
    const rig = await openSockets()
    const peer = rig.raw({ headers: { 'Sec-WebSocket-Key': 'short' } })
    await eventually(() => expect(peer.status).toBe(400))
    expect(rig.endpoint.connections).toBe(0)
    peer.socket.destroy()
  })

  it('gets no compression, though it is offered', async () => {
    const rig = await openSockets()
    const client = await rig.open({ perMessageDeflate: true })
    expect(client.extensions).toBe('')
    const peer = rig.raw({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' } })
    await eventually(() => expect(peer.status).toBe(101))
    expect(peer.answer.toLowerCase()).not.toContain('sec-websocket-extensions')
  })
})

describe('closing the endpoint', () => {
  it('closes every socket with 1001, and lets nobody in afterwards', async () => {
    const rig = await openSockets()
    const clients = await Promise.all([rig.open(), rig.open()])
    say(clients[0], CONNECTED, START)
    await eventually(() => expect(rig.streams).toHaveLength(1))
    const closes = clients.map(closeOf)
    rig.endpoint.close()
    expect((await Promise.all(closes)).map(({ code }) => code)).toEqual([1001, 1001])
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    // By our own doing: the call was ended before, and hears nothing.
    expect(rig.stream.endings).toEqual([])
    expect(await rig.connect()).toBe(503)
  })
})

describe('a thousand sockets, opened and closed', () => {
  it('leave no connection, no timer and no stream behind', { timeout: 15_000 }, async () => {
    const rig = await openSockets()
    for (let round = 0; round < 20; round += 1) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => rig.open()))
      for (const client of clients) say(client, CONNECTED, START)
      await eventually(() => expect(rig.streams).toHaveLength((round + 1) * 50))
      for (const [index, client] of clients.entries()) {
        if (index % 2 === 0) client.close()
        else client.terminate()
      }
    }
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    await eventually(async () => expect(await rig.openConnections()).toBe(0))
    expect(rig.clock.pending).toBe(0)
    expect(rig.streams.filter(({ endings }) => endings.length !== 1)).toEqual([])
  })
})
