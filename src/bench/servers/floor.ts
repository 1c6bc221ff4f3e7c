/**
 * The floor: what any Node server pays that speaks JSON over `ws`. It says back what it hears, unconverted and at once,
 * and keeps nothing.
 */

import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { runServer } from './server-process.ts'

interface Message {
  readonly event: string
  readonly streamSid: string
  readonly media: { readonly payload: string }
}

export async function runFloor(): Promise<void> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  server.on('connection', (socket) => socket.on('message', (data) => answer(socket, data)))
  await once(server, 'listening')
  await runServer({ port: (server.address() as AddressInfo).port })
}

/** Unless told otherwise, `ws` hands over one Buffer a message. */
function answer(socket: WebSocket, data: RawData): void {
  const { event, streamSid, media } = JSON.parse((data as Buffer).toString()) as Message
  if (event === 'media') socket.send(JSON.stringify({ event, streamSid, media: { payload: media.payload } }))
  if (event === 'dtmf') socket.send(JSON.stringify({ event: 'clear', streamSid }))
}
