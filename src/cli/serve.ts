import { createPromptAgent } from '../agents/prompt.ts'
import { echo } from '../agents/echo.ts'
import { loadPrompt } from '../audio/prompt.ts'
import { systemClock } from '../clock.ts'
import { type Config, loadConfig } from '../config.ts'
import { ConfigurationError, messageOf } from '../errors.ts'
import { createLogger, type Logger } from '../log.ts'
import { createEndpoints } from '../endpoints.ts'
import { hostedInspector, inspectorAt } from '../inspector/stately-address.ts'
import { openStatelyBridge } from '../inspector/stately-bridge.ts'
import type { CallRecorder } from '../recorder.ts'
import { combineRecorders } from '../recording/combined-recorder.ts'
import { createFileRecorder } from '../recording/file-recorder.ts'
import { OutgoingSocket } from '../sockets/outgoing-socket.ts'
import { createSwitchboard, type Switchboard } from '../switchboard.ts'
import { loadAgents } from './agents-file.ts'
import { CommandFailure } from './command-failure.ts'
import { CALLEE_SPEECH } from './speech-files.ts'

export interface ServeOptions {
  /** A module that exports agents by name. */
  readonly agents?: string
  /** What the `prompt` agent plays. */
  readonly prompt?: string
  /** Where each call is written to. */
  readonly record?: string
  readonly recordWithoutAudio?: boolean
  readonly recordNumbers?: boolean
  /** Shows calls in Stately's hosted inspector, or in one that listens at this URL. */
  readonly stately?: string | true
}

/** Runs the server until it is told to stop; resolves when the last call has gone. */
export async function serve(options: ServeOptions): Promise<void> {
  const config = loadConfig(process.env)
  const logger = createLogger(config.logLevel)
  endOnWhatNobodyCaught(logger)
  const prompt = createPromptAgent(await loadPrompt(options.prompt ?? CALLEE_SPEECH))
  const own = options.agents === undefined ? {} : await loadAgents(options.agents)
  const agents = { echo, prompt, ...own }
  requireAgent(config.agent, Object.keys(agents))
  const switchboard = createSwitchboard({ config, logger, agents, ...(await recording(options, logger)) })
  // Before anybody can know that we are up: a signal must never find nobody waiting for it.
  const stopped = stopOnSignals(switchboard, (signal, what) => logger.info({ signal }, what))
  const url = await listen(switchboard, config)
  const { voiceUrl } = createEndpoints(config.publicUrl)
  logger.info({ url, voiceUrl, agents: Object.keys(agents), agent: config.agent }, 'listening')
  if (config.apiToken === undefined) logger.warn('CALLCHART_API_TOKEN is not set: /calls and /inspector answer 403')
  await stopped
}

async function recording(options: ServeOptions, logger: Logger): Promise<{ readonly recorder?: CallRecorder }> {
  const recorders = [...fileRecorder(options, logger), ...(await statelyBridge(options, logger))]
  return recorders.length === 0 ? {} : { recorder: combineRecorders(recorders, logger) }
}

function fileRecorder(options: ServeOptions, logger: Logger): CallRecorder[] {
  const { record: folder, recordWithoutAudio, recordNumbers } = options
  if (folder === undefined) return []
  const [audio, numbers] = [recordWithoutAudio !== true, recordNumbers === true]
  logger.info({ folder, audio, numbers }, 'recording calls')
  return [createFileRecorder({ folder, logger, audio, numbers })]
}

async function statelyBridge({ stately }: ServeOptions, logger: Logger): Promise<CallRecorder[]> {
  if (stately === undefined) return []
  const address = stately === true ? hostedInspector() : inspectorAt(stately)
  const bridge = await openStatelyBridge({
    address,
    logger,
    openSocket: (url, events) => new OutgoingSocket({ url, clock: systemClock, ...events }),
  })
  return [bridge]
}

/** The switchboard would refuse too, but it does not know which variable the name came from. */
function requireAgent(name: string, known: readonly string[]): void {
  if (known.includes(name)) return
  const expected = `expected CALLCHART_AGENT to be one of ${known.join(', ')}`
  throw new ConfigurationError('AGENT_UNKNOWN', `${expected}; got ${JSON.stringify(name)}`)
}

async function listen(switchboard: Switchboard, { host, port }: Config): Promise<string> {
  try {
    return (await switchboard.listen()).url
  } catch (error) {
    // What is open already would keep the process alive.
    await switchboard.close()
    throw new CommandFailure(`expected to listen at HOST ${host} and PORT ${port}, got: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/**
 * What state it is in then, nobody knows: the process ends, and the next one goes on with its calls. By itself Node would
 * write the error past the logger, with every number in it.
 */
function endOnWhatNobodyCaught(logger: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    logger.fatal({ err: error, origin }, 'nobody caught an error: this process ends, the next one finds its calls')
    process.exit(1)
  })
}

/** The first signal drains, the second hangs up now. */
function stopOnSignals(switchboard: Switchboard, tell: (signal: string, what: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let isDraining = false
    const stop = (signal: NodeJS.Signals) => {
      tell(signal, isDraining ? 'hanging up what is left' : 'draining: no new calls, live ones may finish')
      const stopped = isDraining ? switchboard.close() : switchboard.drain()
      isDraining = true
      stopped.then(resolve, reject)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
