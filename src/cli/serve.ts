import { createPromptAgent } from '../agents/prompt.ts'
import { echo } from '../agents/echo.ts'
import { loadPrompt } from '../audio/prompt.ts'
import { loadConfig } from '../config.ts'
import { createLogger } from '../log.ts'
import { createSwitchboard, type Switchboard } from '../switchboard.ts'
import { loadAgents } from './agents-file.ts'
import { CALLEE_SPEECH } from './speech-files.ts'

export interface ServeOptions {
  /** A module that exports agents by name. */
  readonly agents?: string
  /** What the `prompt` agent plays. */
  readonly prompt?: string
}

/** Runs the server until it is told to stop; resolves when the last call has gone. */
export async function serve(options: ServeOptions): Promise<void> {
  const config = loadConfig(process.env)
  const logger = createLogger(config.logLevel)
  const prompt = createPromptAgent(await loadPrompt(options.prompt ?? CALLEE_SPEECH))
  const own = options.agents === undefined ? {} : await loadAgents(options.agents)
  const switchboard = createSwitchboard({ config, logger, agents: { echo, prompt, ...own } })
  const { url } = await switchboard.listen()
  const voiceUrl = `${config.publicUrl}/twiml`
  logger.info({ url, voiceUrl, agents: ['echo', 'prompt', ...Object.keys(own)], agent: config.agent }, 'listening')
  if (config.apiToken === undefined) logger.warn('CALLCHART_API_TOKEN is not set: /calls answers 403')
  await stopOnSignals(switchboard, (signal, what) => logger.info({ signal }, what))
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
