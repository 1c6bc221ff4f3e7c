import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createArchive } from '../archive/archive.ts'
import { loadPrompt } from '../audio/prompt.ts'
import { type Clock, systemClock } from '../clock.ts'
import { type Config, loadConfig } from '../config.ts'
import { MemoryDirectory } from '../directory.ts'
import { createLogger, type Logger } from '../log.ts'
import { MemoryRecords } from '../records.ts'
import { loadSpeech, toMulaw } from '../simulator/recorded-speech.ts'
import { createSimulatedCarrier, type SimulatedCarrier } from '../simulator/simulated-carrier.ts'
import { VirtualClock } from '../simulator/virtual-clock.ts'
import { createSwitchboard, type Switchboard } from '../switchboard.ts'
import { Api, type ApiAnswer } from './api.ts'
import { Cast } from './cast.ts'
import { Ledger } from './ledger.ts'
import { LogBook } from './log-book.ts'
import type { SoakOptions } from './options.ts'
import type { Performance } from './performance.ts'
import { CALLER_SPEECH, PROMPT_SPEECH } from './places.ts'

/** A whole server and a whole carrier over real sockets, and everybody's books about them. */
export interface Stage {
  readonly clock: Clock
  readonly carrier: SimulatedCarrier
  readonly switchboard: Switchboard
  readonly api: Api
  readonly directory: MemoryDirectory
  readonly ledger: Ledger
  readonly log: LogBook
  /** Calls that are being carried out, by their keys. */
  readonly playing: Map<string, Performance>
  /** Requests that were answered with a failure of the server's own. */
  readonly ownFailures: string[]
  /** Timers of a simulated clock that stand while no call is up: the server's own. */
  readonly standingTimers: number
  /** What a person says, in mu-law. */
  readonly speech: Uint8Array
  /** Forgets what was kept of calls that are over, there where the server itself would keep only the latest thousand. */
  readonly forgetRecords: () => void
  /** Resolves when `work` is done, while time goes on. */
  readonly meanwhile: <T>(work: Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
}

export const PUBLIC_URL = 'https://calls.test'
export const VOICE_URL = `${PUBLIC_URL}/twiml`
export const SOCKET_URL = 'wss://calls.test/ws'
/** Of those who call it, the carrier tells nothing but the voice webhook. */
export const QUIET_NUMBER = '+15550100000'
/** Of those who call this one, it also tells how the call ended. */
export const TOLD_NUMBER = '+15550100001'
/** What a drain waits for calls. */
export const DRAIN_SECONDS = 15
/** Places in the queue for a turn to be dialled: few, so that a rush fills it. */
const DIAL_QUEUE = 12
const CALLS_PER_SECOND = 5
const STEP_MS = 100

export async function openStage(options: SoakOptions): Promise<Stage> {
  const clock = options.isSimulated ? new VirtualClock() : systemClock
  const reach: Record<string, string> = {}
  const carrier = await createSimulatedCarrier({
    clock,
    reach,
    seed: options.seed,
    // A frame off the beat would be one more moment for a simulated clock to stop at.
    jitterMs: options.isSimulated ? 0 : 2,
    keepEndedCalls: 2 * options.calls,
  })
  carrier.number(TOLD_NUMBER, { voiceUrl: VOICE_URL, statusCallback: `${PUBLIC_URL}/status` })
  const folder = await mkdtemp(join(tmpdir(), 'callchart-soak-'))
  const token = randomBytes(18).toString('base64url')
  const config = configFor(carrier, { token, folder, calls: options.calls })
  const log = new LogBook(clock)
  const logger = createLogger('info', log)
  const { ledger, forgetRecords, open } = openLedger(options, folder, logger)
  await open()
  const playing = new Map<string, Performance>()
  const cast = new Cast((key) => playing.get(key), await loadPrompt(PROMPT_SPEECH))
  const directory = new MemoryDirectory()
  const create = () =>
    createSwitchboard({ config, agents: { cast: cast.agent }, clock, directory, records: ledger, logger })
  const switchboard = clock instanceof VirtualClock ? inTimeOf(clock, create) : create()
  const { url } = await switchboard.listen()
  reach[PUBLIC_URL] = url
  const ownFailures: string[] = []
  const onAnswer = (what: string, { status, text }: ApiAnswer) => {
    if (status === 500) ownFailures.push(`${what}: ${text}`)
  }
  return {
    clock,
    carrier,
    switchboard,
    api: new Api({ url, token, during: (work) => carrier.during(work), onAnswer }),
    directory,
    ledger,
    log,
    playing,
    ownFailures,
    standingTimers: clock instanceof VirtualClock ? clock.pending : 0,
    speech: toMulaw(await loadSpeech(CALLER_SPEECH)),
    forgetRecords,
    meanwhile: (work) => meanwhile(clock, work),
    close: async () => {
      await meanwhile(clock, switchboard.close())
      await carrier.settled()
      await carrier.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configFor(
  carrier: SimulatedCarrier,
  { token, folder, calls }: { readonly token: string; readonly folder: string; readonly calls: number },
): Config {
  return loadConfig({
    PORT: '0',
    PUBLIC_URL,
    TWILIO_ACCOUNT_SID: carrier.accountSid,
    TWILIO_AUTH_TOKEN: carrier.authToken,
    TWILIO_API_URL: carrier.url,
    TWILIO_FROM: QUIET_NUMBER,
    CALLCHART_AGENT: 'cast',
    CALLCHART_API_TOKEN: token,
    CALLCHART_ALLOWED_DESTINATIONS: '+1555',
    // Room for every line, for a rush, and for calls that take their time to end.
    CALLCHART_MAX_CALLS: String(2 * calls + 100),
    CALLCHART_MAX_DIALS_PER_HOUR: '1000000',
    CALLCHART_MAX_DIALS_PER_NUMBER_PER_HOUR: '1000000',
    CALLCHART_CALLS_PER_SECOND: String(CALLS_PER_SECOND),
    CALLCHART_DIAL_QUEUE: String(DIAL_QUEUE),
    CALLCHART_DRAIN_SECONDS: String(DRAIN_SECONDS),
    CALLCHART_DATA_DIR: folder,
  })
}

function openLedger({ keepsArchive }: SoakOptions, folder: string, logger: Logger) {
  if (keepsArchive) {
    const archive = createArchive({ folder, retentionDays: 30, logger })
    return { ledger: new Ledger(archive), forgetRecords: () => {}, open: () => archive.open() }
  }
  const memory = new MemoryRecords()
  return { ledger: new Ledger(memory), forgetRecords: () => memory.forget(Infinity), open: async () => {} }
}

/**
 * Gives what is created the date of a simulated clock, and the same spread of its repeats each time: it takes both from
 * the process at that moment.
 */
function inTimeOf<T>(clock: Clock, create: () => T): T {
  const { now: dateNow } = Date
  const { random } = Math
  const origin = dateNow() - clock.now()
  Date.now = () => origin + clock.now()
  Math.random = () => 0.5
  try {
    return create()
  } finally {
    Date.now = dateNow
    Math.random = random
  }
}

async function meanwhile<T>(clock: Clock, work: Promise<T>): Promise<T> {
  if (!(clock instanceof VirtualClock)) return work
  const state = { isSettled: false }
  const note = () => {
    state.isSettled = true
  }
  work.then(note, note)
  while (!state.isSettled) await clock.advance(STEP_MS)
  return work
}
