/** Plays the carrier's side of a recorded call again, and tells what came of it this time. */

import { UsageError } from '../errors.ts'
import type { Course } from '../recording/course.ts'
import { OutboundTally } from '../recording/outbound-tally.ts'
import type { Recording } from '../recording/recording.ts'
import type { SimulatedCall } from './call.ts'
import type { CalleeOutcome, CalleePlan } from './callee.ts'
import { type CallScript, scriptOf } from './replay-script.ts'
import type { SimulatedCarrier } from './simulated-carrier.ts'

export interface ReplayOptions {
  readonly carrier: SimulatedCarrier
  readonly recording: Recording
  /** Where an inbound call is announced, as the server believes its address to be. */
  readonly voiceUrl: string
  /** Makes the server place the call of an outbound recording; without it, such a recording cannot be played. */
  readonly dial?: (to: string, from: string) => Promise<unknown>
  /** How long after the recorded end the server may take to end the call of its own; default 5,000. */
  readonly graceMs?: number
}

/** In the place of numbers that are masked. */
const SOMEBODY = '+15551110001'
const OUR_NUMBER = '+15550100000'
const GRACE_MS = 5_000
/** For what a server does that the recorded one did not, before anybody hangs up: connecting, ringing. */
const PATIENCE_MS = 30_000
const OUTCOMES: Readonly<Record<string, CalleeOutcome>> = {
  busy: 'busy',
  failed: 'failed',
  'no-answer': 'no-answer',
  canceled: 'canceled',
}

/**
 * Resolves when the call is over. Throws UsageError `CALL_OVER` for an outbound call that nobody here can place, or
 * that the carrier had refused: there is no carrier's side to play.
 */
export async function replayCall(options: ReplayOptions): Promise<SimulatedCall> {
  const { carrier, recording, graceMs = GRACE_MS } = options
  const script = scriptOf(recording)
  const call = await (recording.call.direction === 'inbound' ? comeIn(options, script) : goOut(options, script))
  const { clock } = carrier
  // The server's own end, if it has one, comes in the time in which it came before.
  const patienceEndsAt = call.createdAt + (script.hangsUpAtMs ?? script.lengthMs + graceMs)
  const timeoutMs = Math.max(0, patienceEndsAt - clock.now()) + PATIENCE_MS
  await carrier.until(() => call.isOver || clock.now() >= patienceEndsAt, { timeoutMs, what: 'the call to be over' })
  if (!call.isOver) await hangUp(carrier, call)
  await carrier.settled()
  return call
}

/** What the carrier saw of a call. */
export function courseOfCall(call: SimulatedCall): Course {
  const outbound = new OutboundTally()
  for (const stream of call.streams) outbound.add(stream.outbound)
  const isFarEnd = call.endedBy === 'caller' || call.endedBy === 'callee'
  return { answers: call.documents, outbound, endedBy: isFarEnd ? 'far end' : 'server' }
}

async function comeIn({ carrier, recording, voiceUrl }: ReplayOptions, script: CallScript): Promise<SimulatedCall> {
  const { from, to } = recording.call
  const caller = carrier.caller(dialable(from, SOMEBODY))
  return caller.dials(dialable(to, OUR_NUMBER), { voiceUrl, ...faultsOf(script) })
}

async function goOut({ carrier, recording, dial }: ReplayOptions, script: CallScript): Promise<SimulatedCall> {
  const isRefused = recording.lines.some(
    (line) => line.what === 'rest' && line.command === 'placeCall' && line.outcome === 'failed',
  )
  if (dial === undefined) throw unplayable('an outbound call: only the built-in server can be made to place it again')
  if (isRefused) throw unplayable('an outbound call that the carrier refused')
  const to = dialable(recording.call.to, SOMEBODY)
  const callee = carrier.callee(to, planOf(recording, script))
  const dialled = dial(to, dialable(recording.call.from, OUR_NUMBER))
  await carrier.meanwhile(dialled, { timeoutMs: PATIENCE_MS, what: 'the server to place the call' })
  if (callee.call === undefined)
    throw new Error('expected the server to call the recorded callee, it called somebody else')
  return callee.call
}

function faultsOf(script: CallScript): { streamNeverComes: boolean; scripts: CallScript['streams'] } {
  return { streamNeverComes: script.streams.length === 0, scripts: script.streams }
}

/** What the callee did, as the carrier's callbacks told it. */
function planOf({ lines }: Recording, script: CallScript): CalleePlan {
  const told = lines.filter((line) => line.what === 'webhook')
  const last = told.findLast((line) => line.callStatus in OUTCOMES)?.callStatus ?? ''
  const ringing = told.find((line) => line.callStatus === 'ringing')
  const answered = told.find((line) => line.callStatus === 'in-progress')
  const outcome = OUTCOMES[last] ?? 'answers'
  const rang = ringing === undefined || answered === undefined ? {} : { answersAfterMs: answered.at - ringing.at }
  return { outcome, ...rang, ...faultsOf(script) }
}

async function hangUp(carrier: SimulatedCarrier, call: SimulatedCall): Promise<void> {
  await carrier.caller(call.direction === 'inbound' ? call.from : call.to).hangsUp()
}

/** A number as it was recorded, unless it was masked. */
function dialable(recorded: string, standIn: string): string {
  return recorded.includes('•') ? standIn : recorded
}

function unplayable(what: string): UsageError {
  return new UsageError('CALL_OVER', `expected a recording whose carrier's side can be played, got one of ${what}`)
}
