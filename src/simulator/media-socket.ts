/**
 * The socket under a media stream, as Twilio's client makes it: signed, without Origin and extensions, and with the
 * ways in which it can fail told apart by the codes of Twilio's debugger.
 * https://www.twilio.com/docs/voice/media-streams
 */

import type { Socket } from 'node:net'
import { type RawData, WebSocket } from 'ws'
import { signUpgrade } from '../twilio/signature.ts'
import { isLoopback, reachable } from './addresses.ts'
import type { Exchange } from './exchange.ts'
import type { WarningCode } from './warnings.ts'

export interface SocketFailure {
  readonly code: WarningCode
  readonly detail: string
  /** Of the server's close frame, e.g. 1008. */
  readonly closeCode?: number
}

export interface MediaSocketEvents {
  opened(): void
  /** `text` is undefined for a binary frame. */
  message(text: string | undefined): void
  /** Once, and never after `leave`: the handshake failed, or the open socket went away. */
  failed(failure: SocketFailure): void
}

/** Twilio discards caller audio when a server reads too slowly; where it begins is not documented. */
const CONGESTED_BYTES = 64 * 1024
/** How long a server may take over its side of the closing handshake. */
const CLOSE_TIMEOUT_MS = 5_000

export class MediaSocket {
  readonly #exchange: Exchange
  readonly #events: MediaSocketEvents
  readonly #socket: WebSocket
  #transport: Socket | undefined
  #isLeft = false
  /** Has anything been said, either way, since the server was last asked for a pong? */
  #isStirred = false
  #pings = 0
  readonly #pongs = new Map<string, () => void>()
  #endHandshake: () => void

  /** `url` is the public one, which is signed. Throws nothing; a URL that cannot be used fails at once. */
  constructor(url: string, exchange: Exchange, events: MediaSocketEvents) {
    this.#exchange = exchange
    this.#events = events
    this.#endHandshake = exchange.activity.begin()
    const { authToken: token } = exchange
    this.#socket = new WebSocket(reachable(url, exchange.reach), {
      perMessageDeflate: false,
      headers: {
        'user-agent': 'Twilio.TmeWs/1.0',
        ...(token === undefined ? {} : { 'x-twilio-signature': signUpgrade({ url, token }) }),
      },
    })
    this.#listen()
  }

  /** Why Twilio would not even connect to this URL, if so. */
  static complaint(url: string): SocketFailure | undefined {
    const isSocket = /^wss?:\/\//i.test(url) && URL.canParse(url)
    if (!isSocket || (/^ws:/i.test(url) && !isLoopback(url))) {
      return { code: 31922, detail: `expected a wss:// URL (ws:// for a loopback host only), got ${url}` }
    }
    if (!/[?#]/.test(url)) return undefined
    return { code: 31920, detail: `expected no query string in the stream's URL, use <Parameter> instead; got ${url}` }
  }

  get isCongested(): boolean {
    return this.#socket.bufferedAmount > CONGESTED_BYTES
  }

  send(data: string | Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    this.#isStirred = true
    this.#socket.send(data)
  }

  /** Bytes past the WebSocket protocol, for what no WebSocket library would send. */
  sendBytes(bytes: Uint8Array): void {
    this.#isStirred = true
    this.#transport?.write(bytes)
  }

  /**
   * Resolves when the server has handled everything sent so far: a ping is answered in its turn. Undefined when nothing
   * was said since the last time, or nobody is there to answer.
   */
  barrier(): Promise<void> | undefined {
    const isOpen = this.#socket.readyState === WebSocket.OPEN && !this.#socket.isPaused
    if (!isOpen || !this.#isStirred) return undefined
    this.#isStirred = false
    this.#pings += 1
    const id = String(this.#pings)
    return new Promise((resolve) => {
      this.#pongs.set(id, resolve)
      this.#socket.ping(id)
    })
  }

  /** The network swallows everything from now on, in both directions; neither side is told. */
  pause(): void {
    this.#socket.pause()
    this.#forgetPings()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Closes as Twilio does, without a status code; nothing is reported any more. */
  leave(): void {
    this.#isLeft = true
    this.#forgetPings()
    const { clock, activity } = this.#exchange
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.isPaused) return this.#socket.terminate()
    const closed = activity.begin()
    const timer = clock.setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS)
    this.#socket.once('close', () => {
      clock.clearTimeout(timer)
      closed()
    })
    this.#socket.close()
  }

  /** Tears the connection down at once; nothing is reported any more. */
  reset(): void {
    this.#isLeft = true
    this.#forgetPings()
    this.#transport?.resetAndDestroy()
    this.#socket.terminate()
  }

  #listen(): void {
    const { clock, activity, answerTimeoutMs, closing } = this.#exchange
    const socket = this.#socket
    const tearDown = (): void => this.reset()
    closing.addEventListener('abort', tearDown)
    const timer = clock.setTimeout(() => {
      this.#fail({ code: 31901, detail: `no answer to the connection request within ${answerTimeoutMs} ms` })
    }, answerTimeoutMs)
    const endHandshake = this.#endHandshake
    this.#endHandshake = () => {
      clock.clearTimeout(timer)
      endHandshake()
    }
    socket.on('upgrade', (response) => (this.#transport = response.socket))
    socket.on('open', () => {
      this.#endHandshake()
      this.#events.opened()
    })
    socket.on('unexpected-response', (_request, response) => {
      this.#fail({ code: 31920, detail: `expected HTTP status 101, got ${response.statusCode}` })
    })
    socket.on('message', (data, isBinary) => {
      activity.touch()
      this.#isStirred = true
      if (!this.#isLeft) this.#events.message(isBinary ? undefined : textOf(data))
    })
    socket.on('pong', (id) => this.#settlePing(String(id)))
    socket.on('error', (error) => this.#fail(failureOf(error, this.#transport !== undefined)))
    socket.on('close', (code) => {
      closing.removeEventListener('abort', tearDown)
      this.#fail(closeFailure(code))
    })
  }

  #fail(failure: SocketFailure): void {
    this.#endHandshake()
    this.#forgetPings()
    if (this.#isLeft) return
    this.#isLeft = true
    this.#exchange.activity.touch()
    if (this.#socket.readyState !== WebSocket.CLOSED) this.#socket.terminate()
    this.#events.failed(failure)
  }

  #settlePing(id: string): void {
    this.#pongs.get(id)?.()
    this.#pongs.delete(id)
  }

  #forgetPings(): void {
    for (const resolve of this.#pongs.values()) resolve()
    this.#pongs.clear()
  }
}

/** `ws` gives text frames as one Buffer unless asked otherwise. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString() : ''
}

function failureOf(error: Error & { readonly code?: string }, isOpen: boolean): SocketFailure {
  const { code = '', message } = error
  if (code.startsWith('WS_ERR_')) return { code: 31924, detail: message }
  if (isOpen) return { code: 31903, detail: message }
  if (/^ERR_(?:SSL|TLS)|CERT|SELF_SIGNED/.test(code) || code === 'EPROTO') return { code: 31910, detail: message }
  if (code === '' && message.includes('Sec-WebSocket')) return { code: 31920, detail: message }
  return { code: 31902, detail: message }
}

function closeFailure(code: number): SocketFailure {
  const isAbrupt = code === 1006
  return isAbrupt
    ? { code: 31903, detail: 'the connection broke without a closing handshake' }
    : { code: 31921, detail: `close code ${code}`, closeCode: code }
}
