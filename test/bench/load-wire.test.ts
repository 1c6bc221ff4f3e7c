import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { ClientSocket } from '../../src/bench/load/client-socket.ts'
import { FrameReader } from '../../src/bench/load/frame-reader.ts'
import { textFrame } from '../../src/bench/load/masked-text.ts'
import { MaskedSpeech, MediaWriter } from '../../src/bench/load/media-writer.ts'
import { audioBytes, MessageReader } from '../../src/bench/load/server-message.ts'
import { scanMedia } from '../../src/twilio/media-scan.ts'

const STREAM_SID = `MZ${'0123456789abcdef'.repeat(2)}`
const FRAMES = [0, 1, 2].map((fill) => Buffer.alloc(160, fill).toString('base64'))

const servers: WebSocketServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate()
    server.close()
  }
})

async function listen(onSocket: (socket: WebSocket) => void): Promise<number> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  servers.push(server)
  server.on('connection', onSocket)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A socket, and all it is told. */
async function open(port: number) {
  const texts: string[] = []
  const losses: string[] = []
  const told: (() => void)[] = []
  const socket = new ClientSocket({
    port,
    path: '/ws',
    headers: {},
    buffer: Buffer.alloc(65_536),
    onText: (bytes, start, end) => {
      texts.push(bytes.toString('utf8', start, end))
      told.shift()?.()
    },
    onPong: () => {
      texts.push('(pong)')
      told.shift()?.()
    },
    onLost: (why) => {
      losses.push(why)
      told.shift()?.()
    },
  })
  await socket.open()
  return { socket, texts, losses, next: () => new Promise<void>((resolve) => told.push(resolve)) }
}

describe('a media message in one buffer', () => {
  it('is what Twilio would write, with numbers that grow and the payload asked for', async () => {
    const received: string[] = []
    const enough = deferred()
    const port = await listen((socket) =>
      socket.on('message', (data) => {
        received.push((data as Buffer).toString())
        if (received.length === 150) enough.resolve()
      }),
    )
    const { socket } = await open(port)
    const writer = new MediaWriter(STREAM_SID, new MaskedSpeech(FRAMES))
    for (let index = 0; index < 150; index += 1) {
      if (!socket.write(writer.next(index + 2, index % 3))) writer.leave()
    }
    await enough.promise
    const messages = received.map(scanMedia)
    expect(messages.map((message) => message?.sequenceNumber)).toEqual(received.map((_, index) => index + 2))
    expect(messages.map((message) => message?.chunk)).toEqual(received.map((_, index) => index + 1))
    expect(messages.map((message) => message?.payload)).toEqual(received.map((_, index) => FRAMES[index % 3]))
    expect(messages.map((message) => message?.timestampMs)).toEqual(received.map((_, index) => 160 + index * 20))
    socket.leave()
  })

  it('refuses frames of another length', () => {
    expect(() => new MaskedSpeech(['AAAA'])).toThrow('expected 216 base64 digits a frame, got 4')
  })
})

function deferred() {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

describe('the socket', () => {
  it('hears texts of any length that a real server sends, and answers its pings', async () => {
    const texts = ['', 'x', 'y'.repeat(125), 'z'.repeat(126), 'ä'.repeat(40_000)]
    const ponged = deferred()
    const port = await listen((socket) => {
      socket.on('pong', () => ponged.resolve())
      socket.ping('here')
      for (const text of texts) socket.send(text)
    })
    const heard = await open(port)
    await ponged.promise
    while (heard.texts.length < texts.length) await heard.next()
    expect(heard.texts).toEqual(texts)
    heard.socket.leave()
  })

  it('pings, and hears the pong', async () => {
    const heard = await open(await listen(() => {}))
    heard.socket.ping()
    await heard.next()
    expect(heard.texts).toEqual(['(pong)'])
    heard.socket.leave()
  })

  it('is told once when the server goes, and not at all after it has left itself', async () => {
    const port = await listen((socket) => socket.close())
    const heard = await open(port)
    if (heard.losses.length === 0) await heard.next()
    expect(heard.losses).toEqual(['the server closed the socket'])
  })

  it('is not opened by a server that refuses', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient: () => false })
    servers.push(server)
    await once(server, 'listening')
    await expect(open((server.address() as AddressInfo).port)).rejects.toThrow('expected status 101, got 401')
  })
})

describe('the reader of frames', () => {
  it('finds the same texts however the bytes are cut', () => {
    const texts = ['a', 'b'.repeat(200), 'c'.repeat(70_000), '']
    const wire = Buffer.concat(texts.map(serverFrame))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 12 }), (sizes) => {
        const seen: string[] = []
        const reader = new FrameReader({
          text: (bytes, start, end) => seen.push(bytes.toString('latin1', start, end)),
          ping: () => {},
          pong: () => {},
          closed: () => {},
        })
        let at = 0
        for (const size of [...sizes, wire.length]) {
          const part = wire.subarray(at, at + size)
          if (part.length > 0) reader.push(part, part.length)
          at += part.length
        }
        expect(seen).toEqual(texts)
      }),
    )
  })

  it('refuses a message in pieces, which no server of the bench sends', () => {
    const reader = new FrameReader({ text: () => {}, ping: () => {}, pong: () => {}, closed: () => {} })
    expect(() => reader.push(Buffer.from([0x01, 0x00]), 2)).toThrow('expected a whole text message')
  })
})

function serverFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 2 : length <= 0xffff ? 4 : 10)
  head[0] = 0x81
  head[1] = length < 126 ? length : length <= 0xffff ? 126 : 127
  if (length >= 126 && length <= 0xffff) head.writeUInt16BE(length, 2)
  if (length > 0xffff) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, payload])
}

describe('masking', () => {
  it('refuses more than a short frame holds', () => {
    expect(() => textFrame('x'.repeat(70_000))).toThrow('expected a message of at most 65535 bytes, got 70000')
  })
})

describe("the reader of a server's messages", () => {
  const payload = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64')
  const plain = (bytes: number) =>
    JSON.stringify({ event: 'media', streamSid: STREAM_SID, media: { payload: payload(bytes) } })
  const spaced = (bytes: number) =>
    `{"event": "media", "streamSid": "${STREAM_SID}", "media": {"payload": "${payload(bytes)}"}}`

  it.each([plain, spaced])('finds the payload of every length in whatever way one server writes: %o', (write) => {
    const reader = new MessageReader()
    for (const length of [160, 1, 2, 3, 480, 800]) {
      const bytes = Buffer.from(`....${write(length)}....`)
      const message = reader.read(bytes, 4, bytes.length - 4)
      if (message.event !== 'media') throw new Error(`expected media, got ${message.event}`)
      expect(bytes.toString('latin1', message.start, message.end)).toBe(payload(length))
      expect(audioBytes(bytes, message.start, message.end)).toBe(length)
    }
  })

  it('tells the other messages apart, before and after it has seen media', () => {
    const reader = new MessageReader()
    const read = (text: string) => reader.read(Buffer.from(text), 0, Buffer.byteLength(text))
    const others = () => [
      read(`{"event":"mark","streamSid":"${STREAM_SID}","mark":{"name":"${'g0-1'.repeat(60)}"}}`),
      read(`{"event":"clear","streamSid":"${STREAM_SID}"}`),
      read(`{"event":"hello","streamSid":"${STREAM_SID}","padding":"${'x'.repeat(300)}"}`),
    ]
    const expected = [{ event: 'mark', name: 'g0-1'.repeat(60) }, { event: 'clear' }, { event: 'other' }]
    expect(others()).toEqual(expected)
    read(plain(160))
    expect(others()).toEqual(expected)
  })
})
