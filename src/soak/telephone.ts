import type { SimulatedCall } from '../simulator/call.ts'
import type { StreamScript } from '../simulator/replay-script.ts'
import { sleep } from '../simulator/waiting.ts'
import { Agenda } from './agenda.ts'
import { Chance } from './chance.ts'
import { KEY_PARAMETER } from './ledger.ts'
import { numbersOf } from './numbers.ts'
import type { Performance } from './performance.ts'
import { type CallPlan, plannedLengthMs } from './plan.ts'
import { QUIET_NUMBER, type Stage, TOLD_NUMBER, VOICE_URL } from './stage.ts'
import { hangUp, meetTarget } from './target.ts'
import { makeTrouble, prepareAnswers } from './trouble-maker.ts'

/** The far end of one call, and what the network does to it: everything in the plan that is not the agent's. */

const ACCEPTED = new Set([201, 202])
const LOOK_MS = 20
/** How long the server may take to have a call placed, with all its repeats and its queue. */
const DIAL_MS = 60_000
/** Long after everything planned has happened, or could have: somebody has to hang up in the end. */
const LAST_RESORT_MS = 60_000
/** A script has to last as long as whoever waits for the call to end. */
const SCRIPT_MS = 90_000
const FRAME_MS = 20
const FRAME_BYTES = 160
const FIRST_TIMESTAMP_MS = 160

/** Resolves when the leg is over; or when there will be none. */
export async function carryOut(performance: Performance, stage: Stage): Promise<void> {
  const { plan } = performance
  if (plan.role.kind === 'fidget') stage.carrier.callee(plan.role.number, 'busy')
  const call = plan.direction === 'inbound' ? callIn(performance, stage) : await callOut(performance, stage)
  performance.call = call
  if (call === undefined) return
  // Of a call that was dialled, only its SID tells which one it is. Whoever is there may ask at once.
  performance.whenOver(prepareAnswers(plan, call.sid, stage))
  hangUpEarly(call, performance, stage)
  const giveUpAt = stage.clock.now() + LAST_RESORT_MS
  const isWaiting = (): boolean => !hasStarted(call) && !call.isOver && stage.clock.now() < giveUpAt
  while (isWaiting()) await sleep(stage.clock, LOOK_MS, call.over)
  if (!hasStarted(call)) hangUp(call)
  if (!call.isOver) perform(call, performance, stage)
  await over(call)
}

/** It may have been handed over at once. */
function hasStarted({ streams }: SimulatedCall): boolean {
  return streams.some(({ startedAt }) => startedAt !== undefined)
}

function callIn({ plan }: Performance, { carrier }: Stage): SimulatedCall {
  const { caller } = numbersOf(plan.line)
  return carrier.connect(caller, plan.isTold ? TOLD_NUMBER : QUIET_NUMBER, { voiceUrl: VOICE_URL, ...legFaults(plan) })
}

async function callOut(performance: Performance, stage: Stage): Promise<SimulatedCall | undefined> {
  const { plan } = performance
  const { carrier, clock, api } = stage
  const person = carrier.callee(numbersOf(plan.line).callee, { ...plan.dial.callee, ...legFaults(plan) })
  person.call = undefined
  performance.whenOver(prepareAnswers(plan, person.number, stage))
  const dialling = api.ask('POST', '/calls', toDialBody(plan, person.number))
  dialling.then(
    (answer) => (performance.dialled = answer),
    (error: unknown) => {
      performance.complain(`the request to dial was not answered: ${String(error)}`)
      performance.dialled = { status: 0, body: {}, text: String(error) }
    },
  )
  const giveUpAt = clock.now() + DIAL_MS
  const isRefused = (): boolean => performance.dialled !== undefined && !ACCEPTED.has(performance.dialled.status)
  while (person.call === undefined && !isRefused() && clock.now() < giveUpAt) await sleep(clock, LOOK_MS)
  return person.call
}

function toDialBody({ key, dial, ending }: CallPlan, to: string): object {
  const seconds = 'seconds' in ending ? ending.seconds : 0
  return {
    to,
    parameters: { [KEY_PARAMETER]: key },
    ringTimeoutSeconds: dial.ringTimeoutSeconds,
    ...(dial.keepsAudio ? { record: true } : {}),
    ...(dial.machineDetection === undefined ? {} : { machineDetection: dial.machineDetection }),
    ...(ending.by === 'time limit' ? { timeLimitSeconds: seconds } : {}),
    ...(ending.by === 'idle' ? { timers: { idleSeconds: seconds } } : {}),
    ...(ending.by === 'agent silence' ? { timers: { agentSilenceSeconds: seconds } } : {}),
  }
}

/** What is wrong with the leg from the beginning. */
function legFaults(plan: CallPlan) {
  const jitter = plan.troubles.find((trouble) => trouble.kind === 'jitter')
  return {
    customParameters: { [KEY_PARAMETER]: plan.key },
    ...(plan.troubles.some(({ kind }) => kind === 'no stream') ? { streamNeverComes: true } : {}),
    ...(jitter === undefined ? {} : { scripts: [jitterScript(plan, jitter.mostMs)] }),
  }
}

/** Frames that come late, each by a chance of its own, but never one before another. */
function jitterScript({ key }: CallPlan, mostMs: number): StreamScript {
  const chance = new Chance(mostMs, key)
  let at = 0
  const cues = Array.from({ length: SCRIPT_MS / FRAME_MS }, (_, frame) => {
    at = Math.max(at, frame * FRAME_MS + chance.between(0, mostMs))
    const audio = new Uint8Array(FRAME_BYTES).fill(frame % 50 < 25 ? 0x30 : 0xff)
    return { at, do: 'send', timestampMs: FIRST_TIMESTAMP_MS + frame * FRAME_MS, audio } as const
  })
  return { opensAfterMs: 0, cues }
}

function hangUpEarly(call: SimulatedCall, performance: Performance, { clock }: Stage): void {
  const early = performance.plan.troubles.find((trouble) => trouble.kind === 'early hang-up')
  if (early === undefined) return
  const agenda = new Agenda(clock, call.over, (what) => performance.complain(what))
  agenda.at(early.afterMs, () => hangUp(call))
}

function perform(call: SimulatedCall, performance: Performance, stage: Stage): void {
  const { plan } = performance
  const { clock, speech } = stage
  const agenda = new Agenda(clock, call.over, (what) => performance.complain(what))
  if (plan.manner === 'talks') call.speech.repeat(speech)
  if (plan.role.kind === 'menu') pressKeys(call, plan.role, agenda)
  if (plan.role.kind === 'transferer') {
    meetTarget(performance, { number: plan.role.number, ...plan.role.target }, stage)
  }
  for (const trouble of plan.troubles) makeTrouble(trouble, { call, performance, stage, agenda })
  end(call, performance, stage, agenda)
}

function end(call: SimulatedCall, { plan }: Performance, { api }: Stage, agenda: Agenda): void {
  const { ending } = plan
  const isDouble = plan.troubles.some(({ kind }) => kind === 'double ending')
  const byApi = () => api.ask('DELETE', `/calls/${call.sid}`)
  const isByPerson = ending.by === 'person'
  if (isByPerson || ending.by === 'api') {
    agenda.at(ending.afterMs, isByPerson ? () => hangUp(call) : byApi)
    if (isDouble) agenda.at(ending.afterMs, isByPerson ? byApi : () => hangUp(call))
  }
  agenda.at((plannedLengthMs(plan) ?? 0) + LAST_RESORT_MS, () => hangUp(call))
}

function pressKeys(
  call: SimulatedCall,
  { keys, atMs, spacingMs }: { readonly keys: string; readonly atMs: number; readonly spacingMs: number },
  agenda: Agenda,
): void {
  for (const [index, key] of keys.split('').entries())
    agenda.at(atMs + index * spacingMs, () => call.stream?.press(key))
}

function over(call: SimulatedCall): Promise<void> {
  return new Promise((resolve) => {
    if (call.isOver) resolve()
    else call.over.addEventListener('abort', () => resolve(), { once: true })
  })
}
