import { describe, expect, it } from 'vitest'
import type { AttachedStream } from '../../src/sockets/stream-desk.ts'
import { CONNECTED, DTMF, MARK, MEDIA, START, STOP } from '../twilio/wire-messages.ts'
import { frame, TEXT } from './raw-peer.ts'
import { closeOf, eventually, NotedStream, openSockets, say, settled, type SocketRig } from './socket-rig.ts'

const media = (chunk: number, changed: object = {}) => ({
  ...MEDIA,
  sequenceNumber: String(chunk + 1),
  media: { ...MEDIA.media, chunk: String(chunk), ...changed },
})
const FOREIGN = 'MZffffffffffffffffffffffffffffffff'

/** A socket whose stream was admitted. */
async function streaming(rig: SocketRig) {
  const client = await rig.open()
  say(client, CONNECTED, START)
  await eventually(() => expect(rig.streams).toHaveLength(1))
  await settled(client)
  return client
}

/** Makes the desk wait until the test has decided. */
function undecided(rig: SocketRig) {
  let decide: (stream: AttachedStream | undefined) => void = () => undefined
  let fail: (error: unknown) => void = () => undefined
  rig.admit.mockImplementation(
    () =>
      new Promise((resolve, reject) => {
        decide = resolve
        fail = reject
      }),
  )
  return {
    admit: (): NotedStream => {
      const [start, port] = rig.admit.mock.calls.at(-1) ?? []
      if (start === undefined || port === undefined) throw new Error('expected the desk to have been asked')
      const stream = new NotedStream(start, port)
      decide(stream)
      return stream
    },
    refuse: () => decide(undefined),
    fail: (error: unknown) => fail(error),
  }
}

describe('a media socket', () => {
  it('hands its start to the desk, and then all it hears to the call', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    expect(rig.admit).toHaveBeenCalledOnce()
    expect(rig.stream.start).toMatchObject({
      streamSid: START.streamSid,
      callSid: START.start.callSid,
      customParameters: { token: 'one-shot' },
    })
    say(client, media(1), DTMF, media(2), MARK)
    await settled(client)
    expect(rig.stream.heard).toEqual(['media 1', 'dtmf 1', 'media 2', 'mark my label'])
  })

  it('loses nothing that came in the same packet as its handshake', async () => {
    const rig = await openSockets()
    const texts = [CONNECTED, START, media(1), media(2)].map((message) => frame(TEXT, JSON.stringify(message)))
    rig.raw({ firstBytes: Buffer.concat(texts) })
    await eventually(() => expect(rig.streams).toHaveLength(1))
    await eventually(() => expect(rig.stream.heard).toEqual(['media 1', 'media 2']))
  })

  it('speaks for the call through its port: exactly the documented messages, and none after its end', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    const said: string[] = []
    client.on('message', (data: Buffer) => said.push(data.toString()))
    const { port } = rig.stream
    const scratch = new Uint8Array([9, 0xff, 0x7f, 9])
    port.sendMedia(scratch.subarray(1, 3))
    scratch.fill(0)
    port.sendMark('a "name"')
    port.sendClear()
    await settled(client)
    expect(said.map((text) => JSON.parse(text))).toEqual([
      { event: 'media', streamSid: START.streamSid, media: { payload: '/38=' } },
      { event: 'mark', streamSid: START.streamSid, mark: { name: 'a "name"' } },
      { event: 'clear', streamSid: START.streamSid },
    ])
    const closed = closeOf(client)
    port.close()
    port.sendClear()
    expect((await closed).code).toBe(1000)
    port.sendMedia(new Uint8Array(160))
    expect(said).toHaveLength(3)
    expect(port.bufferedBytes()).toBe(0)
  })
})

describe('before its start', () => {
  it('a socket has five seconds, and is then closed with 1008', async () => {
    const rig = await openSockets()
    const client = await rig.open()
    say(client, CONNECTED)
    await settled(client)
    await rig.clock.advance(4_999)
    expect(client.readyState).toBe(client.OPEN)
    const closed = closeOf(client)
    await rig.clock.advance(1)
    expect(await closed).toEqual({ code: 1008, reason: 'expected a start message within 5 s, got none' })
    expect(rig.admit).not.toHaveBeenCalled()
  })

  it('media is counted, not fatal, and the call hears of it once there is one', async () => {
    const rig = await openSockets()
    const client = await rig.open()
    say(client, media(1), media(2), DTMF, STOP, CONNECTED, START, media(3))
    await eventually(() => expect(rig.streams).toHaveLength(1))
    await settled(client)
    expect(rig.stream.heard).toEqual(['malformed', 'malformed', 'malformed', 'malformed', 'media 3'])
  })

  it('events that nobody knows are no fault, but no start either', async () => {
    const rig = await openSockets()
    const client = await rig.open()
    for (let count = 0; count < 50; count += 1) say(client, { event: 'hello', number: count })
    await settled(client)
    expect(client.readyState).toBe(client.OPEN)
    const closed = closeOf(client)
    await rig.clock.advance(5_000)
    expect((await closed).code).toBe(1008)
  })

  it('a socket that just goes away tells nobody', async () => {
    const rig = await openSockets()
    const client = await rig.open()
    client.close()
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.clock.pending).toBe(0)
    expect(rig.admit).not.toHaveBeenCalled()
  })
})

describe('a start', () => {
  it('that names no call of ours is closed with 1008', async () => {
    const rig = await openSockets()
    rig.admit.mockResolvedValue(undefined)
    const client = await rig.open()
    const closed = closeOf(client)
    say(client, CONNECTED, START)
    const { code, reason } = await closed
    expect(code).toBe(1008)
    expect(reason).not.toContain('one-shot')
    expect(rig.lines.join('')).not.toContain('one-shot')
  })

  it('at whose desk something breaks is closed with 1011, and logged', async () => {
    const rig = await openSockets()
    rig.admit.mockRejectedValue(new Error('the directory is down'))
    const client = await rig.open()
    const closed = closeOf(client)
    say(client, CONNECTED, START)
    expect(await closed).toEqual({ code: 1011, reason: 'internal error' })
    expect(rig.lines.join('')).toContain('the directory is down')
  })

  it('whose desk does not answer is closed with 1011 after five seconds; an answer after that is told of the loss', async () => {
    const rig = await openSockets()
    const desk = undecided(rig)
    const client = await rig.open()
    await rig.clock.advance(4_900)
    say(client, CONNECTED, START)
    await eventually(() => expect(rig.admit).toHaveBeenCalled())
    await rig.clock.advance(4_900)
    await settled(client)
    expect(client.readyState).toBe(client.OPEN)
    const closed = closeOf(client)
    await rig.clock.advance(200)
    expect((await closed).code).toBe(1011)
    const stream = desk.admit()
    await eventually(() => expect(stream.endings).toHaveLength(1))
    expect(stream.endings[0]).toMatch(/^lost/)
  })

  it('is one: a second changes nothing and is no fault', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    say(client, START, { ...START, streamSid: FOREIGN }, media(1))
    await settled(client)
    expect(rig.admit).toHaveBeenCalledOnce()
    expect(rig.stream.heard).toEqual(['media 1'])
  })

  it('is one even while the desk is deciding', async () => {
    const rig = await openSockets()
    const desk = undecided(rig)
    const client = await rig.open()
    say(client, START, START)
    await settled(client)
    expect(rig.admit).toHaveBeenCalledOnce()
    desk.refuse()
    await closeOf(client)
  })
})

describe('while the desk is deciding', () => {
  it('messages are kept and told in order', async () => {
    const rig = await openSockets()
    const desk = undecided(rig)
    const client = await rig.open()
    say(client, START, media(1), DTMF, media(2))
    client.send('not json')
    await settled(client)
    const stream = desk.admit()
    say(client, media(3))
    await settled(client)
    expect(stream.heard).toEqual(['malformed', 'media 1', 'dtmf 1', 'media 2', 'media 3'])
  })

  it('no more than two seconds of them are kept, the latest', async () => {
    const rig = await openSockets()
    const desk = undecided(rig)
    const client = await rig.open()
    say(client, START)
    for (let chunk = 1; chunk <= 150; chunk += 1) say(client, media(chunk))
    await settled(client)
    const stream = desk.admit()
    await eventually(() => expect(stream.heard).toHaveLength(100))
    expect(stream.heard[0]).toBe('media 51')
    expect(stream.heard.at(-1)).toBe('media 150')
  })

  it('a caller who hangs up has hung up: the stop is told, though the socket is gone', async () => {
    const rig = await openSockets()
    const desk = undecided(rig)
    const client = await rig.open()
    say(client, START, media(1), STOP)
    client.close()
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.clock.pending).toBe(0)
    const stream = desk.admit()
    await eventually(() => expect(stream.heard).toEqual(['media 1', 'stopped']))
  })

  it('a socket that goes without a stop is lost', async () => {
    const rig = await openSockets()
    const desk = undecided(rig)
    const client = await rig.open()
    say(client, START, media(1))
    await settled(client)
    client.terminate()
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    const stream = desk.admit()
    await eventually(() => expect(stream.heard).toEqual(['media 1', expect.stringMatching(/^lost: .*1006/)]))
  })

  it('a socket that is gone can still be refused', async () => {
    const rig = await openSockets()
    const desk = undecided(rig)
    const client = await rig.open()
    say(client, START)
    await settled(client)
    client.terminate()
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    desk.refuse()
    await eventually(() => expect(rig.lines.join('')).toContain('media socket refused'))
    expect(rig.clock.pending).toBe(0)
  })
})

describe('what is not as documented', () => {
  it.each([
    ['text that is no JSON', 'not json'],
    ['JSON that is no object', '[1]'],
    ['an empty text', ''],
    ['a message without its fields', '{"event":"media"}'],
    ['a binary frame', Buffer.from(JSON.stringify(media(1)))],
    ['media of a foreign stream', JSON.stringify({ ...media(1), streamSid: FOREIGN })],
    ['a digit of a foreign stream', JSON.stringify({ ...DTMF, streamSid: FOREIGN })],
    ['a stop of a foreign stream', JSON.stringify({ ...STOP, streamSid: FOREIGN })],
    ['a digit that is none', JSON.stringify({ ...DTMF, dtmf: { digit: 'x' } })],
  ])('is counted and ignored: %s', async (_, data) => {
    const rig = await openSockets()
    const client = await streaming(rig)
    client.send(data)
    say(client, media(7))
    await settled(client)
    expect(rig.stream.heard).toEqual(['malformed', 'media 7'])
  })

  it('is counted when the payload turns out to be no base64', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    rig.stream.isBase64 = false
    say(client, media(1))
    await settled(client)
    expect(rig.stream.heard).toEqual(['media 1', 'malformed'])
  })

  it('is no fault in an unknown event, an unknown field or another order of keys', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    const shuffled = Object.fromEntries(Object.entries({ ...media(1), extra: { nested: 1 } }).toReversed())
    say(client, { event: 'weather', streamSid: FOREIGN }, CONNECTED, shuffled)
    await settled(client)
    expect(rig.stream.heard).toEqual(['media 1'])
  })

  it('is borne nineteen times in ten seconds; the twentieth closes with 1008 and loses the stream once', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    for (let count = 1; count <= 19; count += 1) client.send('bad')
    await settled(client)
    expect(client.readyState).toBe(client.OPEN)
    const closed = closeOf(client)
    client.send('bad')
    expect(await closed).toEqual({ code: 1008, reason: 'too many malformed messages' })
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.stream.heard.filter((each) => each === 'malformed')).toHaveLength(20)
    expect(rig.stream.endings).toEqual(['lost: the peer sent too many malformed messages'])
  })

  it('is borne for ever at a lower rate', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    for (let round = 0; round < 5; round += 1) {
      for (let count = 0; count < 19; count += 1) client.send('bad')
      await settled(client)
      await rig.clock.advance(10_000)
    }
    await settled(client)
    expect(client.readyState).toBe(client.OPEN)
    expect(rig.stream.heard.filter((each) => each === 'malformed')).toHaveLength(95)
  })

  it('closes with 1008 before a start just as well', async () => {
    const rig = await openSockets()
    const client = await rig.open()
    const closed = closeOf(client)
    for (let count = 0; count < 20; count += 1) say(client, media(count))
    expect((await closed).code).toBe(1008)
  })

  it('never shows a payload or a digit in the log', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    client.send(JSON.stringify(media(1, { payload: `!${MEDIA.media.payload}` })))
    client.send(JSON.stringify(media(1)).slice(0, -1))
    say(client, DTMF, { ...MEDIA, streamSid: 'nonsense' })
    await settled(client)
    expect(rig.lines.length).toBeGreaterThan(2)
    expect(rig.lines.join('')).not.toContain(MEDIA.media.payload.slice(0, 108))
    expect(rig.lines.join('')).not.toMatch(/"digit":|digit\\":/)
  })
})

describe('audio of the outbound track', () => {
  it('is what we said ourselves, and passed over', async () => {
    const rig = await openSockets()
    const client = await streaming(rig)
    say(client, media(1, { track: 'outbound' }), media(2))
    await settled(client)
    expect(rig.stream.heard).toEqual(['media 2'])
  })
})

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
