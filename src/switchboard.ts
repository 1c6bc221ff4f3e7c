import { join } from 'node:path'
import type { CallTiming } from '../machines/index.ts'
import type { Agent, Call } from './agents/agent.ts'
import type { CallView } from './call-view.ts'
import type { Carrier } from './carrier.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { guardCarrier } from './actors/guarded-carrier.ts'
import { DialLimiter } from './dial-limiter.ts'
import { DialPacer } from './dial-pacer.ts'
import { type CallDirectory, MemoryDirectory } from './directory.ts'
import { createEndpoints } from './endpoints.ts'
import { ExchangeProgressDesk } from './exchange/call-progress.ts'
import { ExchangeCallbackDesk } from './exchange/callback-desk.ts'
import { ExchangeCallsDesk } from './exchange/calls-desk.ts'
import { DialPolicy } from './exchange/dial-policy.ts'
import { Exchange } from './exchange/exchange.ts'
import { Orphans } from './exchange/orphans.ts'
import { rehearse } from './exchange/rehearsal.ts'
import { ExchangeInspectorDesk } from './exchange/inspector-desk.ts'
import { ExchangeStreamDesk } from './exchange/stream-desk.ts'
import { ExchangeVoiceDesk } from './exchange/voice-desk.ts'
import { createApp } from './http/app.ts'
import { EventStreams } from './http/events-route.ts'
import { RequestLimits } from './http/request-limits.ts'
import type { DialRequest } from './http/desks.ts'
import { Inspector } from './inspector/inspector.ts'
import { createPageFiles, type PageFiles } from './inspector/page-files.ts'
import { createLogger, type Logger } from './log.ts'
import { LoopMonitor } from './loop-monitor.ts'
import type { CallRecorder } from './recorder.ts'
import { type Archive, createArchive } from './archive/archive.ts'
import type { RecordSink } from './records.ts'
import { MediaEndpoint } from './sockets/media-endpoint.ts'
import { ViewerEndpoint } from './sockets/viewer-endpoint.ts'
import { instrumentCarrier } from './telemetry/instrumented-carrier.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import { createTwilioCarrier } from './twilio/rest.ts'
import { ViewerSession } from './viewer-session.ts'
import { createCallAudioRecorder } from './recording/call-audio.ts'
import { WebServer } from './web-server.ts'

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
  const telemetry = new Telemetry({
    clock,
    onFault: (error) => logger.error({ err: error }, 'tracing a call failed'),
    // Asked at a scrape, when everything below is there.
    sources: {
      pacingLateness: () => exchange.ticker.lateness.counts(),
      dialQueue: () => {
        const stages = exchange.live().map((call) => call.stage)
        const count = (stage: string) => stages.filter((one) => one === stage).length
        return { queued: pacer.waiting, dialing: count('dialing'), doubtful: count('doubtful') }
      },
      isCircuitOpen: () => guarded.isOpen(),
      recordsWaiting: () => archive?.health.waiting ?? 0,
      recordsLost: () => archive?.health.lost ?? 0,
    },
  })
  const asked = instrumentCarrier(options.carrier ?? createSwitchboardCarrier(config), telemetry, clock)
  const { records, archive } = chooseRecords(options, logger)
  const guarded = guardCarrier(asked, { clock, logger })
  const { carrier } = guarded
  const endpoints = createEndpoints(config.publicUrl)
  const tokens = [config.twilio.authToken, config.twilio.secondaryAuthToken].filter((token) => token !== undefined)
  const callAudio = createCallAudioRecorder({ folder: join(config.dataDir, 'audio'), logger })
  const pacer = new DialPacer({ clock, perSecond: config.callsPerSecond, maxWaiting: config.dialQueue })
  const policy = new DialPolicy({
    limiter: new DialLimiter(clock, {
      perHour: config.maxDialsPerHour,
      perNumberPerHour: config.maxDialsPerNumberPerHour,
    }),
    allowedDestinations: config.allowedDestinations,
    allowedSipDomains: config.allowedSipDomains,
  })
  const exchange = new Exchange({
    agents,
    carrier,
    clock,
    endpoints,
    logger,
    directory: options.directory ?? new MemoryDirectory(),
    records,
    recorder: options.recorder,
    maxCalls: config.maxCalls,
    drainMs: config.drainSeconds * 1_000,
    pacer,
    policy,
    timers: config.timers,
    callAudio,
    keepsAudio: config.recordAudio,
    overflow: config.overflow,
    ...(options.timing ? { timing: options.timing } : {}),
    epochNow: Date.now,
    random: Math.random,
    telemetry,
  })
  exchange.requireAgent(config.agent)
  const monitor = createLoopMonitor(config, { exchange, clock, logger })

  const orphans = new Orphans({
    exchange,
    carrier,
    clock,
    endpoints,
    logger,
    epochNow: Date.now,
    fate: config.orphans,
  })
  const voiceDesk = new ExchangeVoiceDesk({ exchange, clock, logger, orphans, agent: config.agent, telemetry })
  const callsDesk = new ExchangeCallsDesk({
    exchange,
    clock,
    policy,
    pacer,
    from: config.twilio.from,
    agent: config.agent,
    telemetry,
  })
  const streamDesk = new ExchangeStreamDesk({ exchange, clock, logger, accountSid: config.twilio.accountSid })
  const media = new MediaEndpoint({
    publicUrl: config.publicUrl,
    tokens,
    clock,
    logger,
    desk: streamDesk,
    telemetry,
    // All of a large node's calls may come at once, and through one proxy.
    limits: { waitingPerAddress: Math.max(200, config.maxCalls), waitingInAll: Math.max(400, 2 * config.maxCalls) },
  })
  const inspector = createInspector(options, { exchange, clock, logger })
  const session = new ViewerSession({
    apiToken: config.apiToken,
    publicUrl: config.publicUrl,
    clock,
    epochNow: Date.now,
  })
  const files = readPageFiles(session, logger)
  const viewers = new ViewerEndpoint({ session, clock, logger, desk: inspector })
  const events = new EventStreams(clock)
  const progressDesk = new ExchangeProgressDesk({
    exchange,
    onFault: (error) => logger.error({ err: error }, 'telling the progress of a call failed'),
  })
  const { publicUrl } = config
  const signed = { endpoints, publicUrl, tokens, accountSid: config.twilio.accountSid, logger, telemetry }
  const limits = new RequestLimits({ clock, perSecond: config.apiRequestsPerSecond, telemetry })
  const app = createApp({
    voice: { desk: voiceDesk, ...signed },
    callbacks: { desk: new ExchangeCallbackDesk({ exchange, logger, orphans }), ...signed },
    calls: { desk: callsDesk, apiToken: config.apiToken, limits },
    events: { desk: progressDesk, streams: events, apiToken: config.apiToken, limits },
    inspector: { desk: inspector, calls: callsDesk, session, limits, files, logger },
    metrics: telemetry,
  })
  // Koa answers its own failures: the promise it returns never rejects.
  const handle = app.callback()
  const server = new WebServer({
    answer: (request, response) => void handle(request, response),
    upgrade: (request, socket, head) => {
      const endpoint = viewers.matches(request) ? viewers : media
      endpoint.upgrade(request, socket, head)
    },
    logger,
  })

  /** Once for all who ask: a drain and the close that cuts it short wait for the same end. */
  let stopping: Promise<void> | undefined
  let listening: Promise<unknown> | undefined
  const stop = async () => {
    await exchange.node.stopped()
    // Told to stop while still starting: a server that opens behind our back would stay open.
    await listening?.catch(() => {})
    monitor.stop()
    orphans.end()
    media.close()
    viewers.close()
    events.close()
    await server.close()
    await closeRecorder(options.recorder, logger)
    await callAudio.close()
    await records.close().catch((error: unknown) => logger.error({ err: error }, 'the records could not be closed'))
    guarded.dispose()
  }
  const stopped = () => (stopping ??= stop())

  return {
    listen: () => {
      const started = Promise.all([rehearse(), archive?.open()])
        .then(async () => orphans.begin((await records.openRows?.()) ?? [], records.aliveAt))
        .then(() => server.listen(config.host, config.port))
        .then((address) => {
          monitor.start()
          return address
        })
      listening = started
      return started
    },
    dial: (request) => callsDesk.dialForLibrary(request),
    calls: () => callsDesk.recent(),
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

/** Whoever embeds a switchboard may bring records of their own; else every call goes to the data folder. */
function chooseRecords(
  { records, config }: SwitchboardOptions,
  logger: Logger,
): { readonly records: RecordSink; readonly archive?: Archive } {
  if (records !== undefined) return { records }
  const { dataDir: folder, retentionDays, exportDir: exportFolder } = config
  const archive = createArchive({ folder, retentionDays, exportFolder, logger })
  return { records: archive, archive }
}

interface Together {
  readonly exchange: Exchange
  readonly clock: Clock
  readonly logger: Logger
}

/** Refuses new calls while the event loop is too late for those that are there. */
function createLoopMonitor({ maxLatenessMs }: Config, { exchange, clock, logger }: Together): LoopMonitor {
  return new LoopMonitor({
    clock,
    maxLatenessMs,
    onStrained: (latenessMs) => {
      logger.warn({ latenessMs }, 'the event loop is late: new calls are refused until it keeps up')
      exchange.node.noteStrained()
    },
    onRecovered: () => {
      logger.info('the event loop keeps up: new calls are taken again')
      exchange.node.noteRecovered()
    },
  })
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
