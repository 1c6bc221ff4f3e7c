import { createPromptAgent } from '../agents/prompt.ts'
import { echo } from '../agents/echo.ts'
import { loadPrompt } from '../audio/prompt.ts'
import { type Config, loadConfig } from '../config.ts'
import { ConfigurationError, messageOf } from '../errors.ts'
import { createLogger, type Logger } from '../log.ts'
import { createEndpoints } from '../endpoints.ts'
import { createFileRecorder } from '../recording/file-recorder.ts'
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
}

/** Runs the server until it is told to stop; resolves when the last call has gone. */
export async function serve(options: ServeOptions): Promise<void> {
  const config = loadConfig(process.env)
  const logger = createLogger(config.logLevel)
  const prompt = createPromptAgent(await loadPrompt(options.prompt ?? CALLEE_SPEECH))
  const own = options.agents === undefined ? {} : await loadAgents(options.agents)
  const agents = { echo, prompt, ...own }
  requireAgent(config.agent, Object.keys(agents))
  const switchboard = createSwitchboard({ config, logger, agents, ...recording(options, logger) })
  // Before anybody can know that we are up: a signal must never find nobody waiting for it.
  const stopped = stopOnSignals(switchboard, (signal, what) => logger.info({ signal }, what))
  const url = await listen(switchboard, config)
  const { voiceUrl } = createEndpoints(config.publicUrl)
  logger.info({ url, voiceUrl, agents: Object.keys(agents), agent: config.agent }, 'listening')
  if (config.apiToken === undefined) logger.warn('CALLCHART_API_TOKEN is not set: /calls answers 403')
  await stopped
}

function recording({ record: folder, recordWithoutAudio, recordNumbers }: ServeOptions, logger: Logger) {
  if (folder === undefined) return {}
  const [audio, numbers] = [recordWithoutAudio !== true, recordNumbers === true]
  logger.info({ folder, audio, numbers }, 'recording calls')
  return { recorder: createFileRecorder({ folder, logger, audio, numbers }) }
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
    throw new CommandFailure(`expected to listen at HOST ${host} and PORT ${port}, got: ${messageOf(error)}`, {
      cause: error,
    })
  }
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
