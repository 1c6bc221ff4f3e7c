import { describe, expect, it } from 'vitest'
import type { AttachedStream } from '../../src/sockets/stream-desk.ts'
import { CONNECTED, DTMF, MARK, START, STOP } from '../twilio/wire-messages.ts'
import { frame, TEXT } from './raw-peer.ts'
import {
  closeOf,
  eventually,
  FOREIGN_SID,
  media,
  NotedStream,
  openSockets,
  say,
  settled,
  type SocketRig,
  streaming,
} from './socket-rig.ts'

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
    say(client, START, { ...START, streamSid: FOREIGN_SID }, media(1))
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
