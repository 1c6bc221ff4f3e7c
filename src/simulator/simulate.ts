/** Simulated callers against any server that answers Twilio's voice webhook: the core of `callchart simulate`. */

import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { writeWav } from '../audio/wav.ts'
import type { Clock } from '../clock.ts'
import type { SimulatedCall } from './call.ts'
import type { CallReport } from './call-report.ts'
import type { Person } from './person.ts'
import { loadSpeech, toMulaw } from './recorded-speech.ts'
import { createSimulatedCarrier, type SimulatedCarrier } from './simulated-carrier.ts'

export interface SimulateOptions {
  /** Where the server's voice webhook is reached. */
  readonly voiceUrl: string
  /** The account the server believes in; default: one made up. */
  readonly accountSid?: string
  /** The token the server checks signatures with; without one, requests are signed with a made-up token. */
  readonly authToken?: string
  /** The origin the server believes it is reached at, when that is not the one of `voiceUrl`; it is what is signed. */
  readonly publicUrl?: string
  /** Said over and over; without one the caller is silent. */
  readonly wavPath?: string
  /** Where what the caller heard goes, as an 8 kHz WAV file; with several calls, `-1`, `-2`... before the ending. */
  readonly recordPath?: string
  /** Default 1. */
  readonly calls?: number
  /** How long the caller stays on the line after the answer; default 10. */
  readonly seconds?: number
  /** Pressed as soon as there is a stream. */
  readonly digits?: string
  readonly clock?: Clock
  /** Decides identifiers and jitter; by chance unless given, since a server may remember the calls of an earlier run. */
  readonly seed?: number
  readonly onProgress?: (progress: SimulateProgress) => void
}

export interface SimulateProgress {
  readonly callSid: string
  /** In words for a person. */
  readonly what: string
}

export interface SimulateResult {
  readonly callSid: string
  readonly from: string
  /** Twilio's word for how the call ended. */
  readonly status: string
  /** Did the TwiML open a media stream, and did it get as far as `start`? */
  readonly isStreamed: boolean
  /** How often a stream was opened. */
  readonly streams: number
  /** Who put an end to it; `caller` when the server let the caller finish. */
  readonly endedBy: string
  readonly report: CallReport
  /** What Twilio's debugger would show, in words. */
  readonly problems: readonly string[]
  /** The file that was written. */
  readonly recording: string | undefined
}

const TO = '+15550100000'
/** Callers begin this far apart, so that they do not all speak in the same millisecond. */
const STAGGER_MS = 7

/** Places the calls and resolves when all are over. Rejects when the WAV file cannot be read, or the record written. */
export async function simulateCalls(options: SimulateOptions): Promise<SimulateResult[]> {
  const { voiceUrl, calls = 1, clock, accountSid, authToken } = options
  const speech = options.wavPath === undefined ? undefined : await loadSpeech(options.wavPath)
  const carrier = await createSimulatedCarrier({
    ...(clock === undefined ? {} : { clock }),
    ...(accountSid === undefined ? {} : { accountSid }),
    ...(authToken === undefined ? {} : { authToken }),
    reach: reachOf(options),
    seed: options.seed ?? randomInt(2 ** 32),
    keepEndedCalls: calls,
  })
  try {
    const callers = Array.from({ length: calls }, (_, index) => carrier.caller(`+1555${String(1_000_000 + index)}`))
    const configuredUrl = publicAddress(voiceUrl, options.publicUrl)
    const ended = await Promise.all(
      callers.map((caller, index) => simulateOne({ carrier, caller, index, configuredUrl, speech, options })),
    )
    // Only now: measuring takes time that the calls still up would miss.
    return await Promise.all(ended.map(async (call, index) => resultOf(call, await record(call, index, options))))
  } finally {
    await carrier.close()
  }
}

interface Simulation {
  readonly carrier: SimulatedCarrier
  readonly caller: Person
  readonly index: number
  readonly configuredUrl: string
  readonly speech: Int16Array | undefined
  readonly options: SimulateOptions
}

async function simulateOne(simulation: Simulation): Promise<SimulatedCall> {
  const { carrier, caller, index, configuredUrl, options } = simulation
  const { clock } = carrier
  const beginAt = clock.now() + index * STAGGER_MS
  await carrier.until(() => clock.now() >= beginAt, { timeoutMs: index * STAGGER_MS + 1_000 })
  const call = await caller.dials(TO, { voiceUrl: configuredUrl })
  const tell = (what: string): void => options.onProgress?.({ callSid: call.sid, what })
  tell(call.isOver ? `was not put through: ${call.status}` : 'was answered')
  await converse(simulation, call, tell)
  if (!call.isOver) await caller.hangsUp()
  tell(`ended: ${call.endedBy ?? ''} hung up`)
  return call
}

/** Speaks, presses keys and stays on the line until the time is up or the server hangs up. */
async function converse(simulation: Simulation, call: SimulatedCall, tell: (what: string) => void): Promise<void> {
  const { carrier, caller, speech, options } = simulation
  const { seconds = 10, digits = '' } = options
  const hangUpAt = carrier.clock.now() + seconds * 1_000
  const isOver = (): boolean => call.isOver || carrier.clock.now() >= hangUpAt
  const limit = { timeoutMs: seconds * 1_000 + 1_000 }
  await carrier.until(() => call.isStreaming || isOver(), limit)
  if (call.isStreaming) tell('its media stream started')
  else if (!call.isOver) tell('no media stream came')
  if (call.isStreaming && digits !== '') await caller.presses(digits)
  if (speech !== undefined && speech.length > 0) call.speech.repeat(toMulaw(speech))
  await carrier.until(isOver, limit)
}

function resultOf(call: SimulatedCall, recording: string | undefined): SimulateResult {
  const { sid: callSid, from, status, streams } = call
  return {
    callSid,
    from,
    status,
    isStreamed: streams.some((stream) => stream.startedAt !== undefined),
    streams: streams.length,
    endedBy: call.endedBy ?? 'carrier',
    report: call.report(),
    problems: call.warnings.map((warning) => `${warning.code} ${warning.message}`),
    recording,
  }
}

async function record(call: SimulatedCall, index: number, options: SimulateOptions): Promise<string | undefined> {
  const { recordPath, calls = 1 } = options
  if (recordPath === undefined) return undefined
  const path = calls === 1 ? recordPath : recordPath.replace(/(\.[^./\\]+)?$/, `-${index + 1}$1`)
  await writeFile(path, writeWav(call.heard(), 8_000))
  return path
}

/** The voice URL as the server believes it to be. */
export function publicAddress(voiceUrl: string, publicUrl: string | undefined): string {
  if (publicUrl === undefined) return voiceUrl
  const { pathname, search } = new URL(voiceUrl)
  return publicUrl.replace(/\/+$/, '') + pathname + search
}

/** Where that address is really reached. */
export function reachOf({
  voiceUrl,
  publicUrl,
}: {
  readonly voiceUrl: string
  readonly publicUrl?: string | undefined
}): Record<string, string> {
  return publicUrl === undefined ? {} : { [new URL(publicUrl).origin]: new URL(voiceUrl).origin }
}
