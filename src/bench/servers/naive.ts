/**
 * callchart with the media path one writes first: JSON.parse and JSON.stringify, both packages frame by frame, a list to
 * wait in, and a timer for each call. Statecharts, signatures and webhooks are as ever. It also sounds as if it were
 * under water.
 */
/* oxlint-disable import/default, import/no-named-as-default-member -- the linter reads the packages' bundler entries */

import alawmulaw from 'alawmulaw'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import waveResampler from 'wave-resampler'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Agent } from '../../agents/agent.ts'
import { FRAME_MS } from '../../audio/index.ts'
import { systemClock } from '../../clock.ts'
import { type Config, loadConfig } from '../../config.ts'
import { MemoryDirectory } from '../../directory.ts'
import { createEndpoints, STREAM_PATH } from '../../endpoints.ts'
import { DialPolicy } from '../../exchange/dial-policy.ts'
import { Exchange } from '../../exchange/exchange.ts'
import { ExchangeCallsDesk } from '../../exchange/calls-desk.ts'
import { ExchangeStreamDesk } from '../../exchange/stream-desk.ts'
import { ExchangeVoiceDesk } from '../../exchange/voice-desk.ts'
import { createApp } from '../../http/app.ts'
import { DialLimiter } from '../../dial-limiter.ts'
import { DialPacer } from '../../dial-pacer.ts'
import { createLogger } from '../../log.ts'
import { MemoryRecords } from '../../records.ts'
import type { AttachedStream } from '../../sockets/stream-desk.ts'
import { SocketStream } from '../../sockets/socket-stream.ts'
import { parseBySchema } from '../../twilio/messages.ts'
import { verifyUpgrade } from '../../twilio/signature.ts'
import { benchEnvironment } from '../bench-account.ts'
import { noCarrier } from './callchart.ts'
import { Samples } from './samples.ts'
import { runServer } from './server-process.ts'

/** One second waits at most; then the oldest goes. */
const MOST_WAITING = 50
/** After a longer stall the schedule begins anew. */
const CATCH_UP_MS = 500
/** Nothing reaches the call's own media plane, which would take that for silence. */
const NEVER_MS = 86_400_000

interface Message {
  readonly event: string
  readonly streamSid: string
  readonly media: { readonly payload: string }
}

/** Leaves talking to the media path, and stays until the call is over. */
const silentAgent: Agent = async (call) => void (await call.ended)

export async function runNaive(): Promise<void> {
  const config = loadConfig(benchEnvironment('silent'))
  const { app, desk } = createNode(config)
  const latenessMs = new Samples()
  const handle = app.callback()
  const server = createServer((request, response) => void handle(request, response))
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  server.on('upgrade', (request, socket, head) => {
    const signature = String(request.headers['x-twilio-signature'])
    const tokens = [config.twilio.authToken]
    if (!verifyUpgrade({ publicUrl: config.publicUrl, path: STREAM_PATH, signature, tokens })) return socket.destroy()
    sockets.handleUpgrade(
      request,
      socket,
      head,
      (webSocket) => new NaiveStream(webSocket, socket, { desk, latenessMs }),
    )
    return undefined
  })
  server.listen(0, config.host)
  await once(server, 'listening')
  await runServer({ port: (server.address() as AddressInfo).port, latenessMs })
}

/** What the composition root puts together, without the media socket. */
function createNode(config: Config) {
  const { publicUrl, agent, maxCalls, twilio } = config
  const [clock, logger, endpoints] = [systemClock, createLogger(config.logLevel), createEndpoints(publicUrl)]
  const pacer = new DialPacer({ clock, perSecond: 1, maxWaiting: 0 })
  const limiter = new DialLimiter(clock, { perHour: 0, perNumberPerHour: 0 })
  const policy = new DialPolicy({ limiter, allowedDestinations: [], allowedSipDomains: [] })
  const exchange = new Exchange({
    agents: { silent: silentAgent },
    carrier: noCarrier,
    clock,
    endpoints,
    logger,
    directory: new MemoryDirectory(),
    records: new MemoryRecords(),
    maxCalls,
    drainMs: 0,
    pacer,
    policy,
    timing: { silenceMs: NEVER_MS },
    epochNow: Date.now,
    random: Math.random,
  })
  const calls = new ExchangeCallsDesk({ exchange, clock, policy, pacer, from: undefined, agent })
  const app = createApp({
    voice: {
      desk: new ExchangeVoiceDesk({ exchange, clock, logger, agent }),
      endpoints,
      publicUrl,
      tokens: [twilio.authToken],
      logger,
    },
    calls: { desk: calls, apiToken: undefined },
  })
  const desk = new ExchangeStreamDesk({ exchange, clock, logger, accountSid: twilio.accountSid })
  return { app, desk }
}

interface NaiveStreamOptions {
  readonly desk: ExchangeStreamDesk
  readonly latenessMs: Samples
}

class NaiveStream {
  readonly #socket: WebSocket
  readonly #tcp: Duplex
  readonly #latenessMs: Samples
  readonly #desk: ExchangeStreamDesk
  #attached: AttachedStream | undefined
  #streamSid = ''
  #waiting: Int16Array[] = []
  #timer: NodeJS.Timeout | undefined
  #dueAt = 0

  constructor(socket: WebSocket, tcp: Duplex, { desk, latenessMs }: NaiveStreamOptions) {
    this.#socket = socket
    this.#tcp = tcp
    this.#desk = desk
    this.#latenessMs = latenessMs
    socket.on('message', (data) => this.#receive((data as Buffer).toString()))
    socket.on('close', () => this.#stop())
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as Message
    if (message.event === 'start') void this.#start(text)
    if (message.event === 'media') this.#hear(message.media.payload)
    if (message.event === 'dtmf') this.#clear()
    if (message.event === 'stop') this.#stop()
  }

  async #start(text: string): Promise<void> {
    const start = parseBySchema(text)
    if (start.event !== 'start') return
    this.#streamSid = start.streamSid
    const port = new SocketStream(this.#socket, this.#tcp, {
      streamSid: start.streamSid,
      close: () => this.#socket.close(),
    })
    this.#attached = await this.#desk.admit(start, port)
    if (this.#attached === undefined) return this.#socket.close()
  }

  #hear(payload: string): void {
    const narrow = alawmulaw.mulaw.decode(Buffer.from(payload, 'base64'))
    this.#waiting.push(Int16Array.from(waveResampler.resample(narrow, 8000, 16000)))
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()
    if (this.#timer === undefined) this.#say()
  }

  /** When the next is due: by the clock, so that what is late is made up for. */
  #wait(): void {
    const now = performance.now()
    this.#dueAt = Math.max(this.#dueAt + FRAME_MS, now - CATCH_UP_MS)
    const waitMs = Math.max(0, this.#dueAt - now)
    this.#timer = setTimeout(() => {
      if (waitMs > 0) this.#latenessMs.record(Math.max(0, performance.now() - this.#dueAt))
      this.#say()
    }, waitMs)
  }

  #say(): void {
    const pcm = this.#waiting.shift()
    this.#timer = undefined
    if (pcm === undefined) return
    this.#wait()
    const narrow = Int16Array.from(waveResampler.resample(pcm, 16000, 8000))
    const payload = Buffer.from(alawmulaw.mulaw.encode(narrow)).toString('base64')
    this.#socket.send(JSON.stringify({ event: 'media', streamSid: this.#streamSid, media: { payload } }))
  }

  #clear(): void {
    this.#waiting = []
    this.#socket.send(JSON.stringify({ event: 'clear', streamSid: this.#streamSid }))
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#attached?.stopped()
    this.#attached = undefined
  }
}
