import { describe, expect, it } from 'vitest'
import { CONNECTED, MEDIA, START, STOP } from '../twilio/wire-messages.ts'
import { BINARY, CLOSE, CONTINUATION, frame, PING, type RawPeer, TEXT } from './raw-peer.ts'
import { eventually, openSockets, type SocketRig } from './socket-rig.ts'

const text = (message: object) => frame(TEXT, JSON.stringify(message))

/** A hand-made peer whose stream was admitted. */
async function streaming(rig: SocketRig): Promise<RawPeer> {
  const peer = rig.raw({ firstBytes: Buffer.concat([text(CONNECTED), text(START)]) })
  await eventually(() => expect(rig.streams).toHaveLength(1))
  return peer
}

describe('what is no WebSocket traffic', () => {
  it.each([
    ['an unmasked frame', 1002, frame(TEXT, JSON.stringify(MEDIA), { masked: false })],
    ['the first reserved bit', 1002, frame(TEXT, JSON.stringify(MEDIA), { rsv: 4 })],
    ['the other reserved bits', 1002, frame(TEXT, JSON.stringify(MEDIA), { rsv: 3 })],
    ['an opcode that does not exist', 1002, frame(3, 'x')],
    ['a control opcode that does not exist', 1002, frame(11, 'x')],
    ['a fragmented ping', 1002, frame(PING, 'x', { fin: false })],
    ['a ping that is too long', 1002, frame(PING, 'x'.repeat(126))],
    ['a continuation of nothing', 1002, frame(CONTINUATION, 'x')],
    ['a new message inside another', 1002, Buffer.concat([frame(TEXT, '{', { fin: false }), frame(TEXT, '}')])],
    ['a close code that does not exist', 1002, frame(CLOSE, Buffer.from([0, 1]))],
    ['text that is no UTF-8', 1007, frame(TEXT, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))],
    ['a message of more than 64 KiB', 1009, frame(TEXT, 'x'.repeat(64 * 1024 + 1))],
    [
      'a message that grows beyond 64 KiB in parts',
      1009,
      Buffer.concat([frame(TEXT, 'x'.repeat(40_000), { fin: false }), frame(CONTINUATION, 'x'.repeat(40_000))]),
    ],
    ['a binary message of more than 64 KiB', 1009, frame(BINARY, Buffer.alloc(64 * 1024 + 1))],
  ])(
    'is answered with the right code, loses the stream once and is cut after two seconds: %s',
    async (_, code, bytes) => {
      const rig = await openSockets()
      const peer = await streaming(rig)
      peer.send(bytes, text(STOP))
      await eventually(() => expect(peer.closeCode).toBe(code))
      // At once, though the peer keeps its connection.
      expect(rig.stream.endings).toEqual([expect.stringMatching(/^lost: the media socket broke/)])
      expect(rig.endpoint.connections).toBe(1)
      await rig.clock.advance(2_000)
      await eventually(() => expect(rig.endpoint.connections).toBe(0))
      await eventually(async () => expect(await rig.openConnections()).toBe(0))
      expect(rig.stream.endings).toHaveLength(1)
      expect(rig.clock.pending).toBe(0)
    },
  )

  it('is no better before a start', async () => {
    const rig = await openSockets()
    const peer = rig.raw({ firstBytes: frame(TEXT, 'x', { masked: false }) })
    await eventually(() => expect(peer.closeCode).toBe(1002))
    await rig.clock.advance(2_000)
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(rig.admit).not.toHaveBeenCalled()
  })
})

describe('what is unusual and allowed', () => {
  it('is a message of exactly 64 KiB', async () => {
    const rig = await openSockets()
    const peer = await streaming(rig)
    const message = JSON.stringify({ ...MEDIA, extra: '' })
    peer.send(frame(TEXT, message.replace('"extra":""', `"extra":"${'x'.repeat(64 * 1024 - message.length)}"`)))
    await eventually(() => expect(rig.stream.heard).toContain('media 1'))
  })

  it('is a message in ten parts with a ping between them', async () => {
    const rig = await openSockets()
    const peer = await streaming(rig)
    const whole = Buffer.from(JSON.stringify(MEDIA))
    const size = Math.ceil(whole.length / 10)
    for (let part = 0; part < 10; part += 1) {
      const opcode = part === 0 ? TEXT : CONTINUATION
      peer.send(frame(opcode, whole.subarray(part * size, (part + 1) * size), { fin: part === 9 }))
      if (part === 4) peer.send(frame(PING, 'still there?'))
    }
    await eventually(() => expect(rig.stream.heard).toEqual(['media 1']))
    expect(peer.closeCode).toBeUndefined()
  })

  it('is a frame that comes byte by byte', async () => {
    const rig = await openSockets()
    const peer = await streaming(rig)
    peer.socket.setNoDelay(true)
    for (const byte of text({ ...MEDIA, media: { ...MEDIA.media, payload: '/w==' } })) {
      peer.send(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually(() => expect(rig.stream.heard).toEqual(['media 1']))
  })
})

describe('a peer that says goodbye and keeps its connection', () => {
  it('is cut after two seconds, and the call told of the loss', { timeout: 6_000 }, async () => {
    const rig = await openSockets()
    const peer = await streaming(rig)
    peer.send(frame(CLOSE, Buffer.from([0x03, 0xe8])))
    await eventually(() => expect(peer.closeCode).toBe(1000))
    await eventually(() => expect(rig.endpoint.connections).toBe(0), 4_000)
    expect(rig.stream.endings).toHaveLength(1)
  })
})
