import fc from 'fast-check'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { textFrame } from '../../src/sockets/text-frame.ts'

/** A library's client, and the TCP socket through which it is spoken to. */
async function connect() {
  const server = createServer()
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const upgraded = new Promise<{ tcp: Duplex; ours: WebSocket }>((resolve) => {
    server.on('upgrade', (request, tcp, head) =>
      webSockets.handleUpgrade(request, tcp, head, (ours) => resolve({ tcp, ours })),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const heard: string[] = []
  client.on('message', (data: Buffer, isBinary) => heard.push(isBinary ? 'binary' : data.toString()))
  const { tcp, ours } = await upgraded
  return {
    tcp,
    ours,
    heard,
    async [Symbol.asyncDispose]() {
      ours.close()
      await once(client, 'close')
      server.close()
    },
    /** Everything sent so far has been heard. */
    async settled() {
      const pong = once(ours, 'pong')
      ours.ping()
      await pong
    },
  }
}

const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 70_000 })

describe('a frame of our own making', () => {
  it('is what a library reads as that text, whatever its length', async () => {
    await using peer = await connect()
    const texts = [0, 1, 125, 126, 127, 255, 256, 65_535].map((length) => 'x'.repeat(length))
    for (const text of texts) peer.tcp.write(textFrame(text) ?? '', 'latin1')
    await peer.settled()
    expect(peer.heard).toEqual(texts)
  })

  it('may stand between frames of the library, in the order in which they were sent', async () => {
    await using peer = await connect()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), ascii), { maxLength: 20 }), async (messages) => {
        peer.heard.length = 0
        for (const [isOurs, text] of messages) {
          const frame = isOurs ? textFrame(text) : undefined
          if (frame === undefined) peer.ours.send(text)
          else peer.tcp.write(frame, 'latin1')
        }
        await peer.settled()
        expect(peer.heard).toEqual(messages.map(([, text]) => text))
      }),
      { numRuns: 30 },
    )
  })

  it('is not made of a text that is too long for its header', () => {
    expect(textFrame('x'.repeat(65_536))).toBeUndefined()
  })
})
