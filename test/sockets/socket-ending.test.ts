import { describe, expect, it } from 'vitest'
import { CONNECTED, DTMF, START, STOP } from '../twilio/wire-messages.ts'
import { frame, TEXT } from './raw-peer.ts'
import { closeOf, eventually, media, openSockets, say, settled, streaming } from './socket-rig.ts'

describe('the end of a socket', () => {
  it('is told once when a stop comes and then the close', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    const closed = closeOf(client)
    say(client, media(1), STOP, media(2), DTMF, STOP)
    expect((await closed).code).toBe(1000)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.stream.heard).toEqual(['media 1', 'stopped'])
    expect(rig.clock.pending).toBe(0)
  })

  it('is told once when the peer closes after its stop by itself', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    say(client, STOP)
    client.close()
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.stream.heard).toEqual(['stopped'])
  })

  it.each([
    ['closes', 1005, (client: { close: () => void }) => client.close()],
    ['breaks off', 1006, (client: { terminate: () => void }) => client.terminate()],
  ])('without a stop is a loss, once: the peer %s', async (_, code, leave) => {
    const rig = await openSockets()
    const client = await streaming(rig)
    leave(client)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.stream.endings).toEqual([`lost: the media socket closed with code ${code} and without a stop`])
    expect(rig.clock.pending).toBe(0)
  })

  it('is not told to the call that closed it', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    const closed = closeOf(client)
    rig.stream.port.close()
    rig.stream.port.close()
    say(client, media(1), STOP)
    expect((await closed).code).toBe(1000)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.stream.heard).toEqual([])
    expect(rig.clock.pending).toBe(0)
  })

  it('makes what still comes no matter any more, however malformed', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    const closed = closeOf(client)
    say(client, STOP)
    for (let count = 0; count < 30; count += 1) client.send('bad')
    await closed
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.stream.heard).toEqual(['stopped'])
    expect(rig.lines).toEqual([])
  })

  it('is not told a second time when hearing of it fails', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    rig.stream.stopped = () => {
      throw new Error('a bug of ours')
    }
    const closed = closeOf(client)
    say(client, STOP)
    expect((await closed).code).toBe(1011)
    expect(rig.stream.heard).toEqual([])
    expect(rig.lines.join('')).toContain('a bug of ours')
  })

  it('leaves no timer when the call closes what is gone already', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    client.terminate()
    await eventually(() => expect(rig.stream.endings).toHaveLength(1))
    rig.stream.port.close()
    expect(rig.clock.pending).toBe(0)
  })

  it('comes after two seconds to a peer that never answers our close', async () => {
    const rig = await openSockets()
    const texts = [CONNECTED, START].map((message) => frame(TEXT, JSON.stringify(message)))
    const peer = rig.raw({ firstBytes: Buffer.concat(texts) })
    await eventually(() => expect(rig.streams).toHaveLength(1))
    await eventually(() => expect(rig.clock.pending).toBe(1))
    rig.stream.port.close()
    await eventually(() => expect(peer.closeCode).toBe(1000))
    await rig.clock.advance(1_999)
    expect(rig.endpoint.connections).toBe(1)
    await rig.clock.advance(1)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    await eventually(async () => expect(await rig.openConnections()).toBe(0))
    expect(rig.stream.heard).toEqual([])
    expect(rig.clock.pending).toBe(0)
  })

  it('comes to the call as a loss when handling a message fails, with 1011 and a line in the log', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    rig.stream.dtmf = () => {
      throw new Error('a bug of ours')
    }
    const closed = closeOf(client)
    say(client, DTMF, media(1))
    expect((await closed).code).toBe(1011)
    expect(rig.stream.heard).toEqual(['lost: handling the media socket failed'])
    expect(rig.lines.join('')).toContain('a bug of ours')
  })
})

describe('the round trip', () => {
  it('is measured at once and every ten seconds', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    await eventually(() => expect(rig.stream.roundTrips).toEqual([0]))
    for (let count = 2; count <= 4; count += 1) {
      await rig.clock.advance(9_999)
      await settled(client)
      expect(rig.stream.roundTrips).toHaveLength(count - 1)
      await rig.clock.advance(1)
      await eventually(() => expect(rig.stream.roundTrips).toHaveLength(count))
    }
  })

  it('is the time from a ping of ours to its pong', async () => {
    const rig = await openSockets()
    const client = await rig.open()
    // The library would answer by itself.
    const pings: Buffer[] = []
    Object.assign(client, { _autoPong: false })
    client.on('ping', (data: Buffer) => pings.push(data))
    say(client, CONNECTED, START)
    await eventually(() => expect(pings).toHaveLength(1))
    await rig.clock.advance(40)
    client.pong(pings[0])
    await settled(client)
    expect(rig.stream.roundTrips).toEqual([40])
    client.pong(pings[0])
    await settled(client)
    expect(rig.stream.roundTrips).toEqual([40])
  })

  it.each(['', '0', '5', 'nonsense', '-1', '1e3'])(
    'is not read from a pong that nobody asked for: "%s"',
    async (data) => {
      const rig = await openSockets()
      const client = await streaming(rig)
      await eventually(() => expect(rig.stream.roundTrips).toEqual([0]))
      client.pong(data)
      await settled(client)
      expect(rig.stream.roundTrips).toEqual([0])
    },
  )

  it('is no longer asked for once the socket has ended', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    say(client, STOP)
    await closeOf(client)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    await rig.clock.advance(60_000)
    expect(rig.stream.roundTrips).toEqual([0])
    expect(rig.clock.pending).toBe(0)
  })
})
