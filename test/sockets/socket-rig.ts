/** The media endpoint on a real server and a virtual clock, with a desk that does as the test says. */

import { expect, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { createLogger } from '../../src/log.ts'
import type { StreamPort } from '../../src/media/stream-port.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { MediaEndpoint } from '../../src/sockets/media-endpoint.ts'
import type { AttachedStream, StreamDesk } from '../../src/sockets/stream-desk.ts'
import type { StartMessage } from '../../src/twilio/messages.ts'
import { signUpgrade } from '../../src/twilio/signature.ts'
import { CONNECTED, MEDIA, START } from '../twilio/wire-messages.ts'
import type { Handshake, RawPeer } from './raw-peer.ts'
import { eventually, opened, openUpgrades } from './upgrade-rig.ts'

export const PUBLIC_URL = 'https://calls.example.com'
export const STREAM_URL = 'wss://calls.example.com/ws'
export const AUTH_TOKEN = 'primary-auth-token'
export const SECONDARY_TOKEN = 'secondary-auth-token'

/** Writes down what a call would hear of its stream. */
export class NotedStream implements AttachedStream {
  readonly heard: string[] = []
  readonly roundTrips: number[] = []
  readonly start: StartMessage
  readonly port: StreamPort
  /** What `media` returns: false for a payload that is not base64. */
  isBase64 = true

  constructor(start: StartMessage, port: StreamPort) {
    this.start = start
    this.port = port
  }

  media(message: { readonly chunk: number }): boolean {
    this.heard.push(`media ${message.chunk}`)
    return this.isBase64
  }

  dtmf(message: { readonly digit: string }): void {
    this.heard.push(`dtmf ${message.digit}`)
  }

  mark(message: { readonly name: string }): void {
    this.heard.push(`mark ${message.name}`)
  }

  stopped(): void {
    this.heard.push('stopped')
  }

  lost(cause: string): void {
    this.heard.push(`lost: ${cause}`)
  }

  malformed(): void {
    this.heard.push('malformed')
  }

  roundTrip(ms: number): void {
    this.roundTrips.push(ms)
  }

  /** How often each kind of ending was told. */
  get endings(): string[] {
    return this.heard.filter((each) => each === 'stopped' || each.startsWith('lost'))
  }
}

export { eventually }

export interface ConnectOptions {
  readonly url?: string
  readonly path?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly perMessageDeflate?: boolean
}

export async function openSockets() {
  const clock = new VirtualClock(1_000)
  const lines: string[] = []
  const streams: NotedStream[] = []
  const admit = vi.fn<StreamDesk['admit']>((start, port) => {
    const stream = new NotedStream(start, port)
    streams.push(stream)
    return Promise.resolve(stream)
  })
  const endpoint = new MediaEndpoint({
    publicUrl: PUBLIC_URL,
    tokens: [AUTH_TOKEN, SECONDARY_TOKEN],
    clock,
    logger: createLogger('trace', { write: (line) => lines.push(line) }),
    desk: { admit },
  })
  const { upgrade } = endpoint
  const { openConnections, ...knocking } = await openUpgrades({ upgrade, endpoint, clock })

  const signature = (url = STREAM_URL, token = AUTH_TOKEN) => signUpgrade({ url, token })

  /** Resolves with an open socket, or with the status of the refusal. */
  const connect = ({ url, path = '/ws', token, headers, perMessageDeflate = false }: ConnectOptions = {}) =>
    knocking.connect(path, { perMessageDeflate, headers: headers ?? { 'x-twilio-signature': signature(url, token) } })

  return {
    clock,
    endpoint,
    admit,
    streams,
    lines,
    openConnections,
    connect,
    async open(options?: ConnectOptions): Promise<WebSocket> {
      return opened(await connect(options))
    },
    /** A signed handshake by hand. */
    raw(handshake: Handshake = {}): RawPeer {
      const headers = { 'x-twilio-signature': signature(), ...handshake.headers }
      return knocking.raw({ ...handshake, headers })
    },
    /** The stream that was admitted last. */
    get stream(): NotedStream {
      const stream = streams.at(-1)
      if (stream === undefined) throw new Error('expected a stream to have been admitted, found none')
      return stream
    },
  }
}

export type SocketRig = Awaited<ReturnType<typeof openSockets>>

export function say(client: WebSocket, ...messages: readonly object[]): void {
  for (const message of messages) client.send(JSON.stringify(message))
}

/** Resolves when the server has been through everything sent so far: a ping is answered in its turn. */
export function settled(client: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    client.once('pong', () => resolve())
    client.ping()
  })
}

export function closeOf(client: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    client.once('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
}

/** Audio as `chunk`, counted on. */
export const media = (chunk: number, changed: object = {}) => ({
  ...MEDIA,
  sequenceNumber: String(chunk + 1),
  media: { ...MEDIA.media, chunk: String(chunk), ...changed },
})

export const FOREIGN_SID = 'MZffffffffffffffffffffffffffffffff'

/** A socket whose stream was admitted. */
export async function streaming(rig: SocketRig): Promise<WebSocket> {
  const client = await rig.open()
  say(client, CONNECTED, START)
  await eventually(() => expect(rig.streams).toHaveLength(1))
  await settled(client)
  return client
}
