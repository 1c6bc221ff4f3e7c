import { describe, expect, it } from 'vitest'
import { CONTINUATION, frame, TEXT } from './raw-peer.ts'
import { closeOf, eventually, settled } from './socket-rig.ts'
import { NotedViewer, openViewers } from './viewer-rig.ts'

describe('a viewer', () => {
  it('hears what the page says, from the first byte on', async () => {
    const rig = await openViewers()
    const peer = rig.raw({ firstBytes: frame(TEXT, 'watch é') })
    await eventually(() => expect(peer.status).toBe(101))
    await eventually(() => expect(rig.viewer.heard).toEqual(['watch é']))
  })

  it('is heard, while the socket opens and later', async () => {
    const rig = await openViewers()
    rig.open.mockImplementationOnce((port) => {
      port.send('welcome')
      const viewer = new NotedViewer(port)
      rig.viewers.push(viewer)
      return viewer
    })
    await rig.look()
    rig.viewer.port.send('{"é":1}')
    await eventually(() => expect(rig.told).toEqual(['welcome', '{"é":1}']))
  })

  it('hears of the end once, whoever brings it about, and nothing is sent to it afterwards', async () => {
    const rig = await openViewers()
    const client = await rig.look()
    client.close()
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
    rig.viewer.port.send('too late')
    rig.viewer.port.close(1000, '')
    expect(rig.clock.pending).toBe(0)
    expect(rig.viewer.port.bufferedBytes()).toBe(0)

    const broken = await rig.look()
    broken.terminate()
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
  })

  it('can close its socket, with its own code and reason', async () => {
    const rig = await openViewers()
    const client = await rig.look()
    const closed = closeOf(client)
    rig.viewer.port.close(1013, 'too slow')
    rig.viewer.port.close(1000, 'once is enough')
    rig.viewer.port.send('too late')
    expect(await closed).toEqual({ code: 1013, reason: 'too slow' })
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
  })

  it.each(['x'.repeat(500), 'é'.repeat(500), '\u{1F600}'.repeat(500), `x${'\u{1F600}'.repeat(500)}`])(
    'can close its socket with a reason that is too long for a frame: %#',
    async (reason) => {
      const rig = await openViewers()
      const client = await rig.look()
      const closed = closeOf(client)
      rig.viewer.port.close(1008, reason)
      const told = await closed
      expect(told.code).toBe(1008)
      expect(told.reason.slice(0, 10)).toBe(reason.slice(0, 10))
    },
  )

  it('can turn somebody away while the socket opens', async () => {
    const rig = await openViewers()
    rig.open.mockImplementationOnce((port) => {
      const viewer = new NotedViewer(port)
      rig.viewers.push(viewer)
      port.close(1013, 'not now')
      return viewer
    })
    const client = await rig.look()
    expect((await closeOf(client)).code).toBe(1013)
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
  })

  it('hears nothing more once it has closed its socket', async () => {
    const rig = await openViewers()
    const peer = rig.raw()
    await eventually(() => expect(rig.viewers).toHaveLength(1))
    rig.viewer.port.close(1000, '')
    await eventually(() => expect(peer.closeCode).toBe(1000))
    peer.send(frame(TEXT, 'one'), frame(TEXT, 'two'))
    await rig.clock.advance(2_000)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.viewer.heard).toEqual(['(closed)'])
  })

  it('knows how much of what it sent has not been taken', async () => {
    const rig = await openViewers()
    const peer = rig.raw()
    await eventually(() => expect(rig.viewers).toHaveLength(1))
    peer.socket.pause()
    expect(rig.viewer.port.bufferedBytes()).toBe(0)
    const megabyte = 'x'.repeat(1024 * 1024)
    for (let count = 0; count < 64; count += 1) rig.viewer.port.send(megabyte)
    expect(rig.viewer.port.bufferedBytes()).toBeGreaterThan(1024 * 1024)
  })

  it.each([
    ['opening', (rig: Rig) => rig.open.mockImplementationOnce(fail)],
    ['receiving', (rig: Rig) => rig.open.mockImplementationOnce(() => ({ receive: fail, closed: () => undefined }))],
  ])('that throws while %s loses its own socket, with 1011 and a line in the log, and no other', async (_, arrange) => {
    const rig = await openViewers()
    const other = await rig.look()
    arrange(rig)
    const client = await rig.look()
    const closed = closeOf(client)
    client.send('hello')
    expect((await closed).code).toBe(1011)
    expect(rig.lines.join('')).toContain('a bug of ours')
    other.send('hello')
    await eventually(() => expect(rig.viewers[0]?.heard).toEqual(['hello']))
  })

  it('that throws when it hears of the end is in the log, and that is all', async () => {
    const rig = await openViewers()
    rig.open.mockImplementationOnce(() => ({ receive: () => undefined, closed: fail }))
    const client = await rig.look()
    client.close()
    await eventually(() => expect(rig.lines.join('')).toContain('a bug of ours'))
    expect(rig.clock.pending).toBe(0)
  })
})

type Rig = Awaited<ReturnType<typeof openViewers>>

function fail(): never {
  throw new Error('a bug of ours')
}

describe('what a page must not send', () => {
  it('binary data closes the socket with 1003', async () => {
    const rig = await openViewers()
    const client = await rig.look()
    const closed = closeOf(client)
    client.send(Buffer.from('hello'))
    expect((await closed).code).toBe(1003)
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
  })

  it('more than 4 KiB closes it with 1009, in one frame or in many', async () => {
    const rig = await openViewers()
    const client = await rig.look()
    client.send('x'.repeat(4_096))
    await eventually(() => expect(rig.viewer.heard).toHaveLength(1))
    const closed = closeOf(client)
    client.send('x'.repeat(4_097))
    expect((await closed).code).toBe(1009)

    const peer = rig.raw()
    await eventually(() => expect(rig.viewers).toHaveLength(2))
    const part = 'x'.repeat(4_000)
    peer.send(frame(TEXT, part, { fin: false }), frame(CONTINUATION, part))
    await eventually(() => expect(peer.closeCode).toBe(1009))
    await rig.clock.advance(2_000)
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
  })

  it.each([
    ['frames that are not masked', frame(TEXT, 'hello', { masked: false }), 1002],
    ['bits that are reserved', frame(TEXT, 'hello', { rsv: 4 }), 1002],
    ['text that is no UTF-8', frame(TEXT, Buffer.from([0xc3, 0x28])), 1007],
  ])('%s close it, and concern nobody else', async (_, bytes, code) => {
    const rig = await openViewers()
    const other = await rig.look()
    const peer = rig.raw()
    await eventually(() => expect(rig.viewers).toHaveLength(2))
    peer.send(bytes)
    await eventually(() => expect(peer.closeCode).toBe(code))
    // It never answers our close.
    await rig.clock.advance(2_000)
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
    await settled(other)
  })
})

describe('somebody who is not there any more', () => {
  it('is let go when a ping was not answered before the next one', async () => {
    const rig = await openViewers()
    const peer = rig.raw()
    await eventually(() => expect(rig.viewers).toHaveLength(1))
    await rig.clock.advance(9_999)
    expect(rig.endpoint.connections).toBe(1)
    expect(peer.isClosed).toBe(false)
    await rig.clock.advance(1)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
  })

  it('is not whoever answers, for as long as that goes on', async () => {
    const rig = await openViewers()
    const client = await rig.look()
    let pings = 0
    client.on('ping', () => (pings += 1))
    for (let count = 1; count <= 5; count += 1) {
      await settled(client)
      await eventually(() => expect(pings).toBeGreaterThanOrEqual(count - 1))
      await rig.clock.advance(10_000)
      await settled(client)
      expect(rig.endpoint.connections).toBe(1)
    }
    Object.assign(client, { _autoPong: false })
    await rig.clock.advance(10_000)
    await rig.clock.advance(10_000)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
  })

  it('does not keep its socket by never answering our close', async () => {
    const rig = await openViewers()
    const peer = rig.raw()
    await eventually(() => expect(rig.viewers).toHaveLength(1))
    rig.viewer.port.close(1013, 'too slow')
    await eventually(() => expect(peer.closeCode).toBe(1013))
    await rig.clock.advance(1_999)
    expect(rig.endpoint.connections).toBe(1)
    await rig.clock.advance(1)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    await eventually(async () => expect(await rig.openConnections()).toBe(0))
  })

  it('does not keep its socket by never reading', async () => {
    const rig = await openViewers()
    const peer = rig.raw()
    await eventually(() => expect(rig.viewers).toHaveLength(1))
    peer.socket.pause()
    const megabyte = 'x'.repeat(1024 * 1024)
    for (let count = 0; count < 64; count += 1) rig.viewer.port.send(megabyte)
    await rig.clock.advance(10_000)
    await eventually(() => expect(rig.viewer.heard).toEqual(['(closed)']))
  })
})
