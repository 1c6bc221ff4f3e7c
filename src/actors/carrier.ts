import { fromPromise } from 'xstate'
import { backoffMs, carrierCommandMachine, type CommandInput, type CommandName } from '../../machines/index.ts'
import type { Carrier } from '../carrier.ts'
import type { CallDirectory } from '../directory.ts'
import type { DialPacer } from '../dial-pacer.ts'
import type { Endpoints } from '../endpoints.ts'
import { CarrierError } from '../errors.ts'
import { dialTwiml } from '../twilio/dial-twiml.ts'
import { connectStreamTwiml } from '../twilio/twiml.ts'
import type { CallSession } from './call-session.ts'

export interface CarrierActorOptions {
  readonly carrier: Carrier
  readonly directory: CallDirectory
  readonly endpoints: Endpoints
  /** Undefined once the session is gone: a hang-up needs no more than the CallSid. */
  readonly findSession: (callId: string) => CallSession | undefined
  /** Whose turn it is to be dialled. */
  readonly pacer: DialPacer
  /** Whether a CallSid is that of a call we have, or had lately. */
  readonly isKnown: (callSid: string) => boolean
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** The `carrier` actor: one command, sent through Twilio's REST interface and repeated where that is safe. */
export function createCarrierActor(options: CarrierActorOptions) {
  return carrierCommandMachine.provide({
    actors: { send: fromPromise(({ input, signal }) => sendCommand(options, input, signal)) },
    delays: {
      // Full jitter: many calls that failed together must not come back together. A wait the carrier named is kept.
      backoff: ({ context: { command, attempts, fault } }) => {
        const wait = backoffMs(command, attempts, fault?.retryAfterMs)
        return fault?.retryAfterMs === undefined ? Math.ceil(wait * options.random()) : wait
      },
    },
  })
}

async function sendCommand(
  options: CarrierActorOptions,
  { callId, command, callSid, recordingSid }: CommandInput,
  signal: AbortSignal,
): Promise<string | undefined> {
  const session = options.findSession(callId)
  const story = session?.story
  story?.note({ what: 'rest', command, outcome: 'asked' })
  try {
    const sid = await ask(options, session, { command, callSid, recordingSid }, signal)
    story?.note({ what: 'rest', command, outcome: 'done' })
    return sid
  } catch (error) {
    const refusal = error instanceof CarrierError ? error : undefined
    if (refusal !== undefined && session !== undefined) session.noteRefusal(refusal)
    story?.note({ what: 'rest', command, outcome: 'failed', code: refusal?.code, status: refusal?.status })
    throw error
  }
}

async function ask(
  options: CarrierActorOptions,
  session: CallSession | undefined,
  { command, callSid, recordingSid }: Omit<CommandInput, 'callId'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { carrier } = options
  if (session !== undefined) {
    if (command === 'placeCall') return placeCall(options, session, signal)
    if (command === 'findCall') return findCall(options, session, signal)
  }
  if (callSid === undefined) return undefined
  if (command === 'hangUp') await carrier.hangUp(callSid, signal)
  if (session === undefined) return callSid
  if (command === 'transfer') await carrier.redirect(callSid, transferTwiml(options, session), signal)
  if (command === 'startRecording') return startRecording(options, session, callSid, signal)
  const status = RECORDING_STATUS[command]
  if (status !== undefined && recordingSid !== undefined) {
    await carrier.changeRecording(callSid, recordingSid, status, signal)
  }
  return callSid
}

const RECORDING_STATUS: Partial<Record<CommandName, 'paused' | 'in-progress' | 'stopped'>> = {
  pauseRecording: 'paused',
  resumeRecording: 'in-progress',
  stopRecording: 'stopped',
}

async function placeCall(options: CarrierActorOptions, session: CallSession, signal: AbortSignal): Promise<string> {
  const { id, from, to } = session.facts
  const { endpoints, pacer } = options
  // The turn it waited for was used up by a request that the carrier had no time for.
  if (!session.hasTurn) await pacer.take(signal, { id, isRepeat: true })
  session.hasTurn = false
  const twiml = connectStreamTwiml({
    streamUrl: endpoints.streamUrl,
    actionUrl: endpoints.nextUrl,
    parameters: { token: await options.directory.token(id) },
  })
  const { ringTimeoutSeconds, timeLimitSeconds, machineDetection: mode } = session.terms
  const placed = await options.carrier.placeCall(
    {
      to,
      from,
      twiml,
      statusCallbackUrl: endpoints.statusUrl(id),
      ringTimeoutSeconds,
      timeLimitSeconds,
      ...(mode === undefined ? {} : { machineDetection: { mode, callbackUrl: endpoints.detectedUrl(id) } }),
    },
    signal,
  )
  return placed.callSid
}

/** The one call of this description that is nobody else's; of several, none can be told to be this one. */
async function findCall(
  options: CarrierActorOptions,
  session: CallSession,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { to, from, startedAt } = session.facts
  const found = await options.carrier.findCalls({ to, from, since: startedAt }, signal)
  const strangers = found.filter(({ callSid, status }) => !options.isKnown(callSid) && !OVER.has(status))
  return strangers.length === 1 ? strangers[0]?.callSid : undefined
}

const OVER = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled'])

function transferTwiml({ endpoints }: CarrierActorOptions, session: CallSession): string {
  const { transferRequest: request, facts, terms } = session
  if (request === undefined) throw new Error('expected a transfer to be under way, found none')
  return dialTwiml({
    target: request.target,
    callerId: request.from,
    ringTimeoutSeconds: request.ringTimeoutSeconds,
    timeLimitSeconds: terms.timeLimitSeconds,
    actionUrl: endpoints.dialledActionUrl(facts.id),
    statusCallbackUrl: endpoints.dialledUrl(facts.id),
  })
}

function startRecording(
  { carrier, endpoints }: CarrierActorOptions,
  { facts, recording: { channels } }: CallSession,
  callSid: string,
  signal: AbortSignal,
): Promise<string> {
  return carrier.startRecording(callSid, { statusCallbackUrl: endpoints.recordedUrl(facts.id), channels }, signal)
}
