import { createServer, request } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createLogger } from '../../src/log.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { MediaEndpoint } from '../../src/sockets/media-endpoint.ts'
import type { Viewer, ViewerDesk, ViewerPort } from '../../src/sockets/viewer-desk.ts'
import { ViewerEndpoint } from '../../src/sockets/viewer-endpoint.ts'
import { ViewerSession } from '../../src/viewer-session.ts'
import { CONTINUATION, frame, type Handshake, RawPeer, TEXT } from './raw-peer.ts'
import { closeOf, eventually, PUBLIC_URL, settled } from './socket-rig.ts'

const API_TOKEN = 'an-api-token-of-some-length'
const PATH = '/inspector/socket'
const HOURS_12 = 12 * 3_600_000

type Headers = Readonly<Record<string, string>>

/** Writes down what the inspector would hear of somebody who looks. */
class NotedViewer implements Viewer {
  readonly heard: string[] = []
  readonly port: ViewerPort

  constructor(port: ViewerPort) {
    this.port = port
  }

  receive(text: string): void {
    this.heard.push(text)
  }

  closed(): void {
    this.heard.push('(closed)')
  }
}

interface Setup {
  readonly apiToken?: string | undefined
  readonly maxViewers?: number
}

/** The endpoint beside the media endpoint on a real server, a virtual clock, and a desk that takes notes. */
async function openViewers({ maxViewers, ...rest }: Setup = {}) {
  const apiToken = 'apiToken' in rest ? rest.apiToken : API_TOKEN
  const clock = new VirtualClock(1_000)
  const now = { epoch: Date.UTC(2026, 10, 1) }
  const lines: string[] = []
  const logger = createLogger('trace', { write: (line) => lines.push(line) })
  const viewers: NotedViewer[] = []
  const open = vi.fn<ViewerDesk['open']>((port) => {
    const viewer = new NotedViewer(port)
    viewers.push(viewer)
    return viewer
  })
  const session = new ViewerSession({ apiToken, publicUrl: PUBLIC_URL, clock, epochNow: () => now.epoch })
  const endpoint = new ViewerEndpoint({
    clock,
    logger,
    session,
    desk: { open },
    ...(maxViewers === undefined ? {} : { maxViewers }),
  })
  const admit = () => Promise.resolve(undefined)
  const media = new MediaEndpoint({ publicUrl: PUBLIC_URL, tokens: ['t'], clock, logger, desk: { admit } })
  const server = createServer((_, response) => response.writeHead(404).end())
  server.on('upgrade', (incoming, socket, head) =>
    (endpoint.matches(incoming) ? endpoint : media).upgrade(incoming, socket, head),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const host = `127.0.0.1:${port}`
  const clients: WebSocket[] = []
  const told: string[] = []
  const peers: RawPeer[] = []

  const openConnections = () =>
    new Promise<number>((resolve, reject) => {
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
    })

  onTestFinished(async () => {
    for (const client of clients) client.terminate()
    for (const peer of peers) peer.socket.destroy()
    await eventually(async () => expect(await openConnections()).toBe(0))
    // Whatever the ending: nobody is left, nothing is waited for, and each was told of it once and last.
    await eventually(() => expect(endpoint.connections).toBe(0))
    expect(clock.pending).toBe(0)
    for (const { heard } of viewers) expect(heard.indexOf('(closed)')).toBe(heard.length - 1)
    await new Promise((resolve) => server.close(resolve))
  })

  const cookie = () => {
    const result = session.logIn(API_TOKEN, { host })
    return result.outcome === 'admitted' ? (result.cookie.split(';')[0] ?? '') : ''
  }
  /** As a page of ours sends them once somebody has logged in. */
  const headers = (): Headers => ({ host, origin: `http://${host}`, cookie: cookie() })

  /** Resolves with an open socket, or with the status of the refusal. */
  const connect = (given: Headers = headers(), path = PATH) => {
    const client = new WebSocket(`ws://${host}${path}`, { headers: given })
    clients.push(client)
    client.on('error', () => undefined)
    client.on('message', (data: Buffer) => told.push(data.toString()))
    return new Promise<WebSocket | number>((resolve) => {
      client.on('open', () => resolve(client))
      client.on('unexpected-response', (_, response) => {
        resolve(response.statusCode ?? 0)
        client.terminate()
      })
    })
  }

  return {
    clock,
    now,
    lines,
    viewers,
    /** What any page was sent. */
    told,
    open,
    endpoint,
    host,
    openConnections,
    headers,
    connect,
    async look(given?: Headers): Promise<WebSocket> {
      const client = await connect(given)
      if (typeof client === 'number') throw new Error(`expected an open socket, got status ${client}`)
      return client
    },
    /** A handshake by hand, of a page of ours unless told otherwise. */
    raw(handshake: Handshake = {}): RawPeer {
      const peer = new RawPeer(port, {
        path: PATH,
        ...handshake,
        headers: { Host: host, Origin: `http://${host}`, Cookie: cookie(), ...handshake.headers },
      })
      peers.push(peer)
      return peer
    },
    /** What a refused upgrade is told. */
    refusal(given: Headers): Promise<{ status: number; text: string }> {
      return new Promise((resolve, reject) => {
        const upgrade = { connection: 'Upgrade', upgrade: 'websocket' }
        const asked = request(
          { host: '127.0.0.1', port, path: PATH, headers: { ...upgrade, ...given } },
          (response) => {
            let text = ''
            response.setEncoding('utf8').on('data', (part: string) => (text += part))
            response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
          },
        )
        asked.on('error', reject).end()
      })
    },
    /** Who looks since last. */
    get viewer(): NotedViewer {
      const viewer = viewers.at(-1)
      if (viewer === undefined) throw new Error('expected somebody to look, found nobody')
      return viewer
    },
  }
}

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
