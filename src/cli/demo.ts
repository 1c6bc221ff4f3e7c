import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { echo } from '../agents/echo.ts'
import { alignSpeech } from '../audio/align.ts'
import { writeWav } from '../audio/wav.ts'
import { loadConfig } from '../config.ts'
import { messageOf } from '../errors.ts'
import { createLogger, type Logger } from '../log.ts'
import type { CallRecorder } from '../recorder.ts'
import { MemoryRecords } from '../records.ts'
import { createFileRecorder } from '../recording/file-recorder.ts'
import type { SimulatedCall } from '../simulator/call.ts'
import type { Person } from '../simulator/person.ts'
import { loadSpeech } from '../simulator/recorded-speech.ts'
import { createSimulatedCarrier, type SimulatedCarrier } from '../simulator/simulated-carrier.ts'
import { createSwitchboard, type Switchboard } from '../switchboard.ts'
import { ApiClient } from './api-client.ts'
import { type DemoCall, describeCalls } from './demo-report.ts'
import { findFreePort } from './free-port.ts'
import { CALLEE_SPEECH, CALLER_SPEECH } from './speech-files.ts'

export interface DemoOptions {
  readonly calls: number
  readonly seconds: number
  readonly wav?: string
  readonly keep?: boolean
  readonly json?: boolean
}

interface Stage {
  readonly carrier: SimulatedCarrier
  readonly switchboard: Switchboard
  readonly url: string
  readonly api: ApiClient
  readonly folder: string
  /** What is said, at 8 kHz: read before anybody dials, since the carrier shares this process. */
  readonly speech: { readonly caller: Int16Array; readonly callee: Int16Array }
  readonly tell: (line: string) => void
}

const OUR_NUMBER = '+15550100000'
/** Numbers the calls that are not counted. */
const WARM_UP = 9_999
/** Calls start this far apart. */
const STAGGER_MS = 37
/** For the last words to come back before somebody hangs up. */
const LISTEN_ON_MS = 400
const TELEPHONE_RATE = 8_000
/** What was heard on a call is as large as it is long; a demo that stays up must not keep all of it. */
const KEPT_CALLS = 20
/** Between the calls that go on while the demo stays up. */
const PAUSE_MS = 2_000
/** How much later than said, and how much earlier than the recording begins, an echo can lie. */
const MAX_LAG = 4 * TELEPHONE_RATE

/**
 * Starts a server and a simulated carrier on loopback, carries calls both ways with recorded speech through the echo
 * agent, and prints what came of them. True when every call ended as it should. With `keep` it stays up, and calls go on
 * one after the other, for somebody to watch.
 */
export async function demo(options: DemoOptions): Promise<boolean> {
  const stage = await setStage(options, (line) => process.stderr.write(`${line}\n`))
  try {
    await warmUp(stage)
    const all = Array.from({ length: options.calls }, (_, index) => {
      const carry = index % 2 === 0 ? carryInbound : carryOutbound
      return sleep(index * STAGGER_MS).then(() => carry(stage, index))
    })
    // Judged when all is quiet: comparing recordings is heavy work, and the carrier shares this process.
    const conversations = await Promise.all(all)
    const calls: DemoCall[] = []
    for (const conversation of conversations) calls.push(await judge(stage, conversation))
    const report = options.json === true ? `${JSON.stringify({ calls }, null, 2)}\n` : describeCalls(calls)
    process.stdout.write(report)
    if (options.keep === true) await stayUp(stage, options.calls)
    return calls.every((call) => call.isAsExpected)
  } finally {
    await stage.switchboard.close()
    await stage.carrier.close()
  }
}

async function setStage(options: DemoOptions, tell: (line: string) => void): Promise<Stage> {
  const samples = options.seconds * TELEPHONE_RATE
  const speech = {
    caller: repeat(await loadSpeech(options.wav ?? CALLER_SPEECH), samples),
    callee: repeat(await loadSpeech(options.wav ?? CALLEE_SPEECH), samples),
  }
  const carrier = await createSimulatedCarrier({ keepEndedCalls: options.calls + KEPT_CALLS })
  const port = await findFreePort()
  const apiToken = randomBytes(18).toString('base64url')
  const config = loadConfig({
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    TWILIO_ACCOUNT_SID: carrier.accountSid,
    TWILIO_AUTH_TOKEN: carrier.authToken,
    TWILIO_API_URL: carrier.url,
    TWILIO_FROM: OUR_NUMBER,
    CALLCHART_API_TOKEN: apiToken,
    CALLCHART_ALLOWED_DESTINATIONS: '+1555',
    CALLCHART_MAX_CALLS: '1000',
    // Carrier and server share this event loop: what one is late, the other is.
    CALLCHART_MAX_LATENESS_MS: '0',
    CALLCHART_DATA_DIR: process.env['CALLCHART_DATA_DIR'],
    CALLCHART_LOG_LEVEL: process.env['CALLCHART_LOG_LEVEL'] ?? 'warn',
  })
  const folder = join(config.dataDir, 'demo')
  await mkdir(folder, { recursive: true })
  const logger = createLogger(config.logLevel)
  const recording = options.keep === true ? recordingTo(join(folder, 'recordings'), logger) : {}
  const switchboard = createSwitchboard({
    config,
    agents: { echo },
    records: new MemoryRecords(),
    logger,
    ...recording,
  })
  const { url } = await switchboard.listen()
  tell(`server at ${url}, simulated carrier at ${carrier.url}`)
  if (options.keep === true) tell(`watch the calls at ${url}/inspector, with the token ${apiToken}`)
  return { carrier, switchboard, url, api: new ApiClient(url, apiToken), folder, speech, tell }
}

/**
 * One short call each way that is not counted. Carrier and server share this process, and what both compile on their
 * first calls is heard as delay by whoever is echoed meanwhile; a carrier of the real world has its own processes.
 */
async function warmUp(stage: Stage): Promise<void> {
  stage.tell('warming up: a short call each way that is not counted')
  const brief = {
    ...stage,
    speech: { caller: stage.speech.caller.slice(0, 800), callee: stage.speech.callee.slice(0, 800) },
  }
  const talks = await Promise.all([carryInbound(brief, WARM_UP), carryOutbound(brief, WARM_UP)])
  for (const { call } of talks) await settled(stage, call.sid)
}

async function carryInbound(stage: Stage, index: number): Promise<Conversation> {
  const caller = stage.carrier.caller(`+1555100${String(index).padStart(4, '0')}`)
  stage.tell(`${caller.number} dials ${OUR_NUMBER}`)
  const call = await caller.dials(OUR_NUMBER, { voiceUrl: `${stage.url}/twiml` })
  return converse(stage, { index, person: caller, call, speech: stage.speech.caller })
}

async function carryOutbound(stage: Stage, index: number): Promise<Conversation> {
  const number = `+1555200${String(index).padStart(4, '0')}`
  const callee = stage.carrier.callee(number, { answersAfterMs: 300 })
  stage.tell(`the server dials ${number}`)
  const { callSid } = await stage.api.dial({ to: number, agent: 'echo' })
  const call = stage.carrier.calls.find((candidate) => candidate.sid === callSid)
  if (call === undefined) throw new Error(`expected the carrier to know ${callSid}, it does not`)
  return converse(stage, { index, person: callee, call, speech: stage.speech.callee })
}

/** What was said on a call, to be compared with what was heard. */
interface Conversation {
  readonly index: number
  readonly call: SimulatedCall
  readonly speech: Int16Array
}

interface Talk extends Conversation {
  readonly person: Person
}

/** Speaks, listens, hangs up. */
async function converse(stage: Stage, { index, person, call, speech }: Talk): Promise<Conversation> {
  const { carrier, tell } = stage
  await carrier.until(() => call.isStreaming || call.isOver, { what: 'the media stream', timeoutMs: 20_000 })
  if (call.isStreaming) {
    tell(`${person.number} is connected and speaks for ${speech.length / TELEPHONE_RATE} s`)
    try {
      await person.says(speech)
      await sleep(LISTEN_ON_MS)
      tell(`${person.number} hangs up`)
      await person.hangsUp()
    } catch (error) {
      // Somebody who watches has hung the call up meanwhile: the report will tell.
      if (!call.isOver) throw error
    }
  }
  return { index, call, speech }
}

/** What the server says of a call that is over, and what the person on the line heard. */
async function judge(stage: Stage, { index, call, speech }: Conversation): Promise<DemoCall> {
  const who = call.direction === 'inbound' ? 'caller' : 'callee'
  const view = await settled(stage, call.sid)
  const heard = call.heard()
  const wav = join(stage.folder, `${view.direction}-${index + 1}.wav`)
  await writeFile(wav, writeWav(heard, TELEPHONE_RATE))
  const { correlation, snrDb } = alignSpeech(speech, heard, { maxLag: MAX_LAG })
  const { roundTripMs, firstAudioMs, worstGapMs, underruns, warnings, framesSent } = call.report()
  return {
    ...view,
    isAsExpected: view.state === 'ended' && view.reason === `${who} hung up`,
    framesIn: view.stats['framesIn'],
    framesOut: view.stats['framesOut'],
    framesSent,
    roundTripMs,
    firstAudioMs,
    worstGapMs,
    underruns,
    correlation,
    snrDb,
    wav,
    warnings: warnings.map((warning) => `${warning.code} ${warning.message}`),
  }
}

/** The server's view of a call once it is over. */
async function settled(stage: Stage, callSid: string) {
  for (let look = 0; look < 100; look += 1) {
    const view = await stage.api.find(callSid)
    if (view.endedAt !== null) return view
    await sleep(50)
  }
  return stage.api.find(callSid)
}

function repeat(speech: Int16Array, samples: number): Int16Array {
  const repeated = new Int16Array(samples)
  for (let at = 0; at < samples; at += speech.length) repeated.set(speech.subarray(0, samples - at), at)
  return repeated
}

/** What happened before somebody opens the inspector is to be seen there, too. */
function recordingTo(folder: string, logger: Logger): { recorder: CallRecorder } {
  return { recorder: createFileRecorder({ folder, logger, audio: false }) }
}

/** Carries one call after the other, each way in turn, until it is told to stop. */
async function stayUp(stage: Stage, first: number): Promise<void> {
  const { url, tell } = stage
  tell(
    `calls go on: watch them at ${url}/inspector, and place your own to any number that begins with +1555; Ctrl-C ends it`,
  )
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  const quietly = { ...stage, tell: () => {} }
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()))
  for (let index = first; !stop.signal.aborted; index += 1) {
    const carry = index % 2 === 0 ? carryInbound : carryOutbound
    // Whoever watches may hang a call up at any moment: that is no trouble here.
    const carried = carry(quietly, index % WARM_UP).catch((error: unknown) =>
      tell(`a call failed: ${messageOf(error)}`),
    )
    await Promise.race([stopped, carried])
    await sleep(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => {})
  }
}
