import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { echo } from '../../src/agents/echo.ts'
import type { Agent, Call } from '../../src/agents/agent.ts'
import type { CallView } from '../../src/call-view.ts'
import { loadConfig } from '../../src/config.ts'
import { MemoryDirectory } from '../../src/directory.ts'
import { MemoryRecords } from '../../src/records.ts'
import { createSimulatedCarrier, type SimulatedCarrierOptions } from '../../src/simulator/simulated-carrier.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { signWebhook } from '../../src/twilio/signature.ts'
import { createSwitchboard, type SwitchboardOptions } from '../../src/switchboard.ts'

/**
 * A whole server and a whole carrier, over real sockets and in simulated time, for calls told as stories.
 *
 *     await using stage = await openStage()
 */

export const PUBLIC_URL = 'https://calls.test'
export const OUR_NUMBER = '+15550100000'
const ACCOUNT_SID = `AC${'0123456789abcdef'.repeat(2)}`

export interface StageOptions {
  readonly agents?: Readonly<Record<string, Agent>>
  /** The agent for inbound calls. */
  readonly agent?: string
  readonly env?: Readonly<Record<string, string>>
  readonly carrier?: Partial<SimulatedCarrierOptions>
  readonly timing?: SwitchboardOptions['timing']
  readonly directory?: MemoryDirectory
  readonly recorder?: SwitchboardOptions['recorder']
  /** In the place of the one whose lines are `log`. */
  readonly logger?: SwitchboardOptions['logger']
}

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

export type Stage = Awaited<ReturnType<typeof openStage>>

export async function openStage(options: StageOptions = {}) {
  const clock = new VirtualClock()
  const reach: Record<string, string> = {}
  const carrier = await createSimulatedCarrier({ clock, accountSid: ACCOUNT_SID, reach, ...options.carrier })
  const apiToken = randomBytes(18).toString('base64url')
  const config = loadConfig({
    PORT: '0',
    PUBLIC_URL,
    TWILIO_ACCOUNT_SID: carrier.accountSid,
    TWILIO_AUTH_TOKEN: carrier.authToken,
    TWILIO_API_URL: carrier.url,
    TWILIO_FROM: OUR_NUMBER,
    CALLCHART_API_TOKEN: apiToken,
    CALLCHART_ALLOWED_DESTINATIONS: '+1555',
    ...(options.agent === undefined ? {} : { CALLCHART_AGENT: options.agent }),
    ...options.env,
  })
  const log: LogLine[] = []
  const plain = pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line) as LogLine) })
  const logger = options.logger ?? plain
  const directory = options.directory ?? new MemoryDirectory()
  const records = new MemoryRecords()
  const switchboard = createSwitchboard({
    config,
    agents: { echo, ...options.agents },
    clock,
    directory,
    records,
    logger,
    ...(options.timing === undefined ? {} : { timing: options.timing }),
    ...(options.recorder === undefined ? {} : { recorder: options.recorder }),
  })
  const { url } = await switchboard.listen()
  reach[PUBLIC_URL] = url

  const views = () => switchboard.calls()
  const view = (callSid: string): CallView => {
    const found = views().find((call) => call.callSid === callSid)
    if (found === undefined) throw new Error(`the server knows no call ${callSid}`)
    return found
  }
  const isOver = (call: CallView) => call.endedAt !== null

  return {
    apiToken,
    clock,
    carrier,
    config,
    directory,
    log,
    records,
    switchboard,
    url,
    views,
    view,

    /** An inbound call whose stream is up. */
    async caller(number = '+15551110001') {
      const caller = carrier.caller(number)
      const call = await caller.dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
      await carrier.until(() => call.isStreaming && view(call.sid).streamSid !== null, { what: 'the stream to be up' })
      return { caller, call }
    },

    /** Waits until the server's side of a call is over and no socket of it is left, and returns it. */
    async over(callSid: string, timeoutMs = 60_000): Promise<CallView> {
      await carrier.until(() => views().some((call) => call.callSid === callSid && isOver(call)), {
        timeoutMs,
        what: 'the call to be over',
      })
      const { streams = [] } = carrier.calls.find((call) => call.sid === callSid) ?? {}
      await carrier.until(() => streams.every((stream) => stream.end !== undefined), {
        timeoutMs: 5_000,
        what: 'the sockets of a call that is over to be closed',
      })
      await carrier.settled()
      return view(callSid)
    },

    /** A promise of the server's, while simulated time goes on. */
    meanwhile<T>(promise: Promise<T>, timeoutMs = 60_000): Promise<T> {
      return carrier.meanwhile(promise, { timeoutMs, what: 'a promise of the server' })
    },

    /** The carrier's voice webhook for a call, once more; resolves with the TwiML. */
    async askAgain(callSid: string, from: string): Promise<string> {
      const params = {
        CallSid: callSid,
        AccountSid: carrier.accountSid,
        From: from,
        To: OUR_NUMBER,
        Direction: 'inbound',
        CallStatus: 'ringing',
        ApiVersion: '2010-04-01',
        CallerCity: '',
      }
      const signature = signWebhook({ url: `${PUBLIC_URL}/twiml`, params, token: carrier.authToken })
      const answer = await fetch(`${url}/twiml`, {
        method: 'POST',
        headers: { 'x-twilio-signature': signature },
        body: new URLSearchParams(params),
      })
      return answer.text()
    },

    /** The HTTP API, with its token. */
    async api(
      method: string,
      path: string,
      body?: unknown,
    ): Promise<{ status: number; body: Record<string, unknown> }> {
      const answer = fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).then(async (response) => ({
        status: response.status,
        body: (await readBody(response)) as Record<string, unknown>,
      }))
      return this.meanwhile(answer)
    },

    /** Ends what is left and throws when anything was: a live call, a timer, a directory entry, a carrier leg. */
    async [Symbol.asyncDispose](): Promise<void> {
      await this.meanwhile(switchboard.close())
      await carrier.settled()
      const alive = carrier.calls.filter((call) => !call.isOver).map((call) => `${call.sid} ${call.status}`)
      if (alive.length > 0) throw new Error(`carrier legs left alive: ${alive.join(', ')}`)
      await carrier.close()
      if (directory.size > 0) throw new Error(`${directory.size} directory entries left behind`)
      if (clock.pending > 0) throw new Error(`${clock.pending} timers left behind`)
    },
  }
}

/** A page is no JSON; what matters of it here is that it came. */
async function readBody(response: Response): Promise<unknown> {
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return isJson ? response.json() : { page: await response.text() }
}

/** What a caller may say over and over: every frame is another one. */
export const TALK = new Uint8Array(8_000).map((_, index) => (index * 37) % 250)

/** For an agent that leaves the end of its call to others. */
export const untilTheEnd = (call: Pick<Call, 'signal'>): Promise<void> =>
  new Promise((resolve) => call.signal.addEventListener('abort', () => resolve(), { once: true }))

/** An agent that hands its call to the test and then waits for the end. */
export function holdingAgent(): { agent: Agent; calls: Call[] } {
  const calls: Call[] = []
  const agent: Agent = async (call) => {
    calls.push(call)
    await untilTheEnd(call)
  }
  return { agent, calls }
}
