import { echo } from '../agents/echo.ts'
import { createPromptAgent } from '../agents/prompt.ts'
import { loadPrompt } from '../audio/prompt.ts'
import type { Clock } from '../clock.ts'
import { loadConfig } from '../config.ts'
import { ConfigurationError } from '../errors.ts'
import { createLogger } from '../log.ts'
import { MemoryRecords } from '../records.ts'
import type { Course } from '../recording/course.ts'
import { courseOf } from '../recording/course.ts'
import { MemoryRecorder } from '../recording/memory-recorder.ts'
import type { Recording } from '../recording/recording.ts'
import { replayCall } from '../simulator/replay.ts'
import { createSimulatedCarrier } from '../simulator/simulated-carrier.ts'
import { createSwitchboard } from '../switchboard.ts'
import { loadAgents } from './agents-file.ts'
import { CALLEE_SPEECH } from './speech-files.ts'

const PUBLIC_URL = 'https://replay.invalid'
const EVERYBODY = '+1,+2,+3,+4,+5,+6,+7,+8,+9'

/** Plays a recording against a server of our own in this process, and looks at the call from inside. */
export async function replayInProcess(
  recording: Recording,
  { clock, agentsFile }: { readonly clock: Clock; readonly agentsFile: string | undefined },
): Promise<Course> {
  const agents = await agentsFor(recording, agentsFile)
  const reach: Record<string, string> = {}
  const carrier = await createSimulatedCarrier({ clock, reach })
  const recorder = new MemoryRecorder()
  const callee = recording.call.to
  const config = loadConfig({
    PORT: '0',
    PUBLIC_URL,
    TWILIO_ACCOUNT_SID: carrier.accountSid,
    TWILIO_AUTH_TOKEN: carrier.authToken,
    TWILIO_API_URL: carrier.url,
    CALLCHART_AGENT: recording.call.agent,
    // Nothing is dialled but the simulated carrier's numbers; the recorded one may be of a kind that must be named.
    CALLCHART_ALLOWED_DESTINATIONS: /^\+\d+$/.test(callee) ? `${EVERYBODY},${callee}` : EVERYBODY,
    // The one call there is has to be taken, on however busy a machine.
    CALLCHART_MAX_LATENESS_MS: '0',
    CALLCHART_LOG_LEVEL: process.env['CALLCHART_LOG_LEVEL'] ?? 'fatal',
  })
  const [records, logger] = [new MemoryRecords(), createLogger(config.logLevel)]
  const switchboard = createSwitchboard({ config, agents, clock, recorder, records, logger })
  try {
    reach[PUBLIC_URL] = (await switchboard.listen()).url
    await replayCall({
      carrier,
      recording,
      voiceUrl: `${PUBLIC_URL}/twiml`,
      dial: (to, from) => switchboard.dial({ to, from }),
    })
    await carrier.until(() => switchboard.calls().every((call) => call.endedAt !== null), {
      what: 'the server to have done with the call',
    })
  } finally {
    // Time has to move on for a server in simulated time to stop.
    await carrier.meanwhile(switchboard.close())
    await carrier.close()
  }
  const [replayed] = recorder.recordings
  if (replayed === undefined) throw new Error('expected the server to admit the call, it did not')
  return courseOf(replayed)
}

async function agentsFor({ call }: Recording, file: string | undefined) {
  const prompt = createPromptAgent(await loadPrompt(CALLEE_SPEECH))
  const agents = { echo, prompt, ...(file === undefined ? {} : await loadAgents(file)) }
  if (Object.hasOwn(agents, call.agent)) return agents
  const known = Object.keys(agents).join(', ')
  throw new ConfigurationError(
    'AGENT_UNKNOWN',
    `expected the recording's agent to be one of ${known} (--agents FILE loads others); got ${JSON.stringify(call.agent)}`,
  )
}
