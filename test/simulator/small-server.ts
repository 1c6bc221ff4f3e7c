/**
 * A server written by hand, standing for any that speaks Twilio's webhooks and Media Streams: it answers webhooks with
 * whatever a test says, keeps what it was told, and hands each media socket to the test.
 */

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

export interface Told {
  readonly path: string
  readonly params: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

/** A message of the carrier, as far as these tests look into it. */
export interface CarrierMessage {
  readonly event: string
  readonly streamSid: string
  readonly sequenceNumber: string
  readonly start: { readonly callSid: string; readonly customParameters: Record<string, string> }
  readonly media: { readonly timestamp: string; readonly chunk: string; readonly payload: string }
  readonly mark: { readonly name: string }
  readonly dtmf: { readonly track: string; readonly digit: string }
}

export type Answer = string | number | { readonly type: string; readonly body: string } | null

export interface SmallServerOptions {
  /** The answer to a webhook: a body, a status without one, or null for none ever. Default: a stream to `/media`, then `<Hangup/>`. */
  readonly answer?: (told: Told, origin: string) => Answer | Promise<Answer>
  readonly onMessage?: (socket: WebSocket, message: CarrierMessage) => void
  readonly onSocket?: (socket: WebSocket) => void
  /** The status a handshake is refused with, or `ignore`; default: it is accepted. */
  readonly upgrade?: number | 'ignore'
  readonly port?: number
  /** Takes no more than one message from a socket in a turn of the event loop. */
  readonly oneMessageATurn?: boolean
}

export class SmallServer {
  /** Every webhook and upgrade request, in the order of their coming. */
  readonly told: Told[] = []
  readonly messages: CarrierMessage[] = []
  readonly sockets: WebSocket[] = []
  readonly closeCodes: number[] = []
  origin = ''
  port = 0
  readonly #options: SmallServerOptions
  readonly #http = createServer((request, response) => void this.#answer(request, response))
  readonly #refused = new Set<Duplex>()
  readonly #ws: WebSocketServer

  constructor(options: SmallServerOptions) {
    this.#options = options
    const allowSynchronousEvents = options.oneMessageATurn !== true
    this.#ws = new WebSocketServer({ noServer: true, perMessageDeflate: true, allowSynchronousEvents })
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(this.#options.port ?? 0, '127.0.0.1', resolve))
    const address = this.#http.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    this.origin = `http://127.0.0.1:${this.port}`
    return this
  }

  get voiceUrl(): string {
    return `${this.origin}/twiml`
  }

  of(path: string): Told[] {
    return this.told.filter((note) => note.path === path)
  }

  ofEvent(event: string): CarrierMessage[] {
    return this.messages.filter((message) => message.event === event)
  }

  /** To the latest media socket, with its stream's SID filled in. */
  send(message: Record<string, unknown>): void {
    const streamSid = this.ofEvent('start').at(-1)?.streamSid
    this.sockets.at(-1)?.send(JSON.stringify({ ...message, streamSid }))
  }

  /** Speaks `ms` of a constant code to the latest media socket. */
  speak(ms: number, code = 0x55): void {
    this.send({ event: 'media', media: { payload: Buffer.alloc(ms * 8, code).toString('base64') } })
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate()
    for (const socket of this.#refused) socket.destroy()
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()))
    this.#http.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const part of request) body += String(part)
    const { url: path = '', headers } = request
    const told = { path, params: new URLSearchParams(body), headers }
    this.told.push(told)
    const answer = await (this.#options.answer ?? ((_, origin) => streamTwiml(origin)))(told, this.origin)
    if (answer === null) return
    if (typeof answer === 'number') response.writeHead(answer).end()
    else if (typeof answer === 'string') response.writeHead(200, { 'content-type': 'text/xml' }).end(answer)
    else response.writeHead(200, { 'content-type': answer.type }).end(answer.body)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { url: path = '', headers } = request
    this.told.push({ path, params: new URLSearchParams(), headers })
    const { upgrade, onSocket, onMessage } = this.#options
    if (typeof upgrade === 'number') socket.end(`HTTP/1.1 ${upgrade} No\r\nConnection: close\r\n\r\n`)
    if (upgrade !== undefined) {
      this.#refused.add(socket)
      return
    }
    this.#ws.handleUpgrade(request, socket, head, (media) => {
      this.sockets.push(media)
      media.on('error', () => undefined)
      media.on('close', (code) => this.closeCodes.push(code))
      media.on('message', (data) => {
        if (!Buffer.isBuffer(data)) return
        const message: CarrierMessage = JSON.parse(data.toString())
        this.messages.push(message)
        onMessage?.(media, message)
      })
      onSocket?.(media)
    })
  }
}

export function startSmallServer(options: SmallServerOptions = {}): Promise<SmallServer> {
  return new SmallServer(options).listen()
}

/** Echoes every frame as it comes. */
export function echo(socket: WebSocket, message: CarrierMessage): void {
  if (message.event !== 'media') return
  const { streamSid, media } = message
  socket.send(JSON.stringify({ event: 'media', streamSid, media: { payload: media.payload } }))
}

export function streamTwiml(origin: string, after = '<Hangup/>', connect = '', parameters = ''): string {
  const url = `${origin.replace('http', 'ws')}/media`
  return `<Response><Connect ${connect}><Stream url="${url}">${parameters}</Stream></Connect>${after}</Response>`
}
