import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CallTiming } from '../machines/index.ts'
import type { Agent, Call } from './agents/agent.ts'
import type { CallView } from './call-view.ts'
import type { Carrier } from './carrier.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { DialLimiter } from './dial-limiter.ts'
import { type CallDirectory, MemoryDirectory } from './directory.ts'
import { createEndpoints } from './endpoints.ts'
import { ExchangeCallsDesk } from './exchange/calls-desk.ts'
import { Exchange } from './exchange/exchange.ts'
import { rehearse } from './exchange/rehearsal.ts'
import { ExchangeInspectorDesk } from './exchange/inspector-desk.ts'
import { ExchangeStreamDesk } from './exchange/stream-desk.ts'
import { ExchangeVoiceDesk } from './exchange/voice-desk.ts'
import { createApp } from './http/app.ts'
import type { DialRequest } from './http/desks.ts'
import { Inspector } from './inspector/inspector.ts'
import { createPageFiles, type PageFiles } from './inspector/page-files.ts'
import { createLogger, type Logger } from './log.ts'
import type { CallRecorder } from './recorder.ts'
import { MemoryRecords, type RecordSink } from './records.ts'
import { MediaEndpoint } from './sockets/media-endpoint.ts'
import { ViewerEndpoint } from './sockets/viewer-endpoint.ts'
import { createTwilioCarrier } from './twilio/rest.ts'
import { ViewerSession } from './viewer-session.ts'

/** The composition root: the only place that names everything. */

export interface SwitchboardOptions {
  readonly config: Config
  /** By the names that `CALLCHART_AGENT` and dial requests use. */
  readonly agents: Readonly<Record<string, Agent>>
  readonly clock?: Clock
  readonly carrier?: Carrier
  readonly directory?: CallDirectory
  readonly records?: RecordSink
  /** Keeps what happens in each call, and is closed with the switchboard; none unless given. */
  readonly recorder?: CallRecorder
  readonly logger?: Logger
  /** How long calls wait for things, where the defaults do not fit. */
  readonly timing?: Partial<CallTiming>
}

export interface Switchboard {
  /** Starts to listen at the configured host and port (0: any free one). Rejects when the port is taken. */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>
  /**
   * Places a call; resolves when the carrier has accepted it. Rejects with CarrierError when the carrier refused, with
   * AdmissionError when this node did, with UsageError for a number that is none.
   */
  dial(request: DialRequest): Promise<Call>
  /** Live calls and those that ended lately, newest first. */
  calls(): readonly CallView[]
  /** Points one of the account's numbers at this server. */
  pointNumber(phoneNumber: string): Promise<{ readonly phoneNumber: string; readonly voiceUrl: string }>
  /** Takes no new calls, waits for the live ones up to the configured time, hangs up the rest, stops listening. */
  drain(): Promise<void>
  /** Hangs up every call and stops listening. Ends a drain that is under way. */
  close(): Promise<void>
}

/** The slowest honest peer sends its headers and body well within these. */
const SERVER_LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16 * 1024,
  /** How often the timeouts above are looked at: Node's 30 s would make 40 s of the ten. */
  connectionsCheckingInterval: 1_000,
}
const MAX_HEADERS = 100
const NO_FILES: PageFiles = { find: () => undefined }

/** Twilio, as the configuration names it. */
export function createSwitchboardCarrier({ twilio }: Config): Carrier {
  return createTwilioCarrier(present(twilio))
}

/** Throws ConfigurationError `AGENT_UNKNOWN` when the configured agent is not among `agents`. */
export function createSwitchboard(options: SwitchboardOptions): Switchboard {
  const { config, agents } = options
  const clock = options.clock ?? systemClock
  const logger = options.logger ?? createLogger(config.logLevel)
  const carrier = options.carrier ?? createSwitchboardCarrier(config)
  const endpoints = createEndpoints(config.publicUrl)
  const tokens = [config.twilio.authToken, config.twilio.secondaryAuthToken].filter((token) => token !== undefined)
  const exchange = new Exchange({
    agents,
    carrier,
    clock,
    endpoints,
    logger,
    directory: options.directory ?? new MemoryDirectory(),
    records: options.records ?? new MemoryRecords(),
    recorder: options.recorder,
    maxCalls: config.maxCalls,
    drainMs: config.drainSeconds * 1_000,
    ...(options.timing ? { timing: options.timing } : {}),
    epochNow: Date.now,
    random: Math.random,
  })
  exchange.requireAgent(config.agent)

  const voiceDesk = new ExchangeVoiceDesk({ exchange, logger, agent: config.agent })
  const callsDesk = new ExchangeCallsDesk({
    exchange,
    clock,
    limiter: new DialLimiter(clock, {
      perHour: config.maxDialsPerHour,
      perNumberPerHour: config.maxDialsPerNumberPerHour,
    }),
    allowedDestinations: config.allowedDestinations,
    from: config.twilio.from,
    agent: config.agent,
  })
  const streamDesk = new ExchangeStreamDesk({ exchange, clock, logger, accountSid: config.twilio.accountSid })
  const media = new MediaEndpoint({ publicUrl: config.publicUrl, tokens, clock, logger, desk: streamDesk })
  const inspector = createInspector(options, { exchange, clock, logger })
  const session = new ViewerSession({
    apiToken: config.apiToken,
    publicUrl: config.publicUrl,
    clock,
    epochNow: Date.now,
  })
  const files = readPageFiles(session, logger)
  const viewers = new ViewerEndpoint({ session, clock, logger, desk: inspector })
  const app = createApp({
    voice: { desk: voiceDesk, endpoints, publicUrl: config.publicUrl, tokens, logger },
    calls: { desk: callsDesk, apiToken: config.apiToken },
    inspector: { desk: inspector, calls: callsDesk, session, files, logger },
  })
  // Koa answers its own failures: the promise it returns never rejects.
  const handle = app.callback()
  const server = createServer(SERVER_LIMITS, (request, response) => void handle(request, response))
  server.maxHeadersCount = MAX_HEADERS
  server.on('upgrade', (request, socket, head) => {
    const endpoint = viewers.matches(request) ? viewers : media
    endpoint.upgrade(request, socket, head)
  })

  /** Once for all who ask: a drain and the close that cuts it short wait for the same end. */
  let stopping: Promise<void> | undefined
  let listening: Promise<unknown> | undefined
  const stop = async () => {
    await exchange.node.stopped()
    // Told to stop while still starting: a server that opens behind our back would stay open.
    await listening?.catch(() => {})
    await closeServer(server, [media, viewers])
    await closeRecorder(options.recorder, logger)
  }
  const stopped = () => (stopping ??= stop())

  return {
    listen: () => {
      const started = rehearse().then(() => listen(server, config, logger))
      listening = started
      return started
    },
    dial: (request) => callsDesk.dialForLibrary(request),
    calls: () => callsDesk.list(),
    pointNumber: (phoneNumber) => carrier.pointNumber(phoneNumber, endpoints.voiceUrl),
    drain: () => {
      exchange.node.drain()
      return stopped()
    },
    close: () => {
      exchange.node.stop()
      return stopped()
    },
  }
}

function listen(
  server: Server,
  { host, port }: Config,
  logger: Logger,
): Promise<{ host: string; port: number; url: string }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      // An accept that fails (too many open files, say) is one caller's trouble, not the end of everybody's call.
      server.on('error', (error) => logger.error({ err: error }, 'the HTTP server failed'))
      const address = server.address() as AddressInfo
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
      resolve({ host, port: address.port, url: `http://${name}:${address.port}` })
    })
  })
}

interface Together {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly logger: Logger
}

function createInspector(options: SwitchboardOptions, { exchange, clock, logger }: Together): Inspector {
  const { config, agents, recorder } = options
  const onFault = (error: unknown) => logger.error({ err: error }, 'the inspector failed')
  const desk = new ExchangeInspectorDesk({
    exchange,
    clock,
    agents: Object.keys(agents),
    agent: config.agent,
    recorder,
    onFault,
  })
  return new Inspector({ clock, calls: desk, onFault })
}

/** Calls are carried without a page, too: where its files are missing, that is told, and the page alone is not there. */
function readPageFiles(session: ViewerSession, logger: Logger): PageFiles {
  if (!session.isEnabled) return NO_FILES
  try {
    return createPageFiles()
  } catch (error) {
    logger.error({ err: error }, 'the inspector has no page')
    return NO_FILES
  }
}

async function closeServer(server: Server, endpoints: readonly { close(): void }[]): Promise<void> {
  for (const endpoint of endpoints) endpoint.close()
  if (!server.listening) return
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  // A request that is still being answered gets a moment; a peer that never reads its answer does not hold us up.
  const patience = setTimeout(() => server.closeAllConnections(), 1_000)
  await closed
  clearTimeout(patience)
}

/** The calls are over by now: what their recorder makes of it changes nothing for them. */
async function closeRecorder(recorder: CallRecorder | undefined, logger: Logger): Promise<void> {
  try {
    await recorder?.close()
  } catch (error) {
    logger.error({ err: error }, 'the recorder could not be closed')
  }
}

/** The same without what is undefined: optional options are absent, never undefined. */
function present<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}
