import { describe, expect, it } from 'vitest'
import { CONNECTED, DTMF, MEDIA, STOP } from '../twilio/wire-messages.ts'
import { closeOf, eventually, FOREIGN_SID, media, openSockets, say, settled, streaming } from './socket-rig.ts'

describe('what is not as documented', () => {
  it.each([
    ['text that is no JSON', 'not json'],
    ['JSON that is no object', '[1]'],
    ['an empty text', ''],
    ['a message without its fields', '{"event":"media"}'],
    ['a binary frame', Buffer.from(JSON.stringify(media(1)))],
    ['media of a foreign stream', JSON.stringify({ ...media(1), streamSid: FOREIGN_SID })],
    ['a digit of a foreign stream', JSON.stringify({ ...DTMF, streamSid: FOREIGN_SID })],
    ['a stop of a foreign stream', JSON.stringify({ ...STOP, streamSid: FOREIGN_SID })],
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
    say(client, { event: 'weather', streamSid: FOREIGN_SID }, CONNECTED, shuffled)
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
