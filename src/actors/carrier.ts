import { fromPromise } from 'xstate'
import { backoffMs, carrierCommandMachine, type CommandInput } from '../../machines/index.ts'
import type { Carrier } from '../carrier.ts'
import type { CallDirectory } from '../directory.ts'
import type { Endpoints } from '../endpoints.ts'
import { CarrierError } from '../errors.ts'
import { connectStreamTwiml } from '../twilio/twiml.ts'
import type { CallSession } from './call-session.ts'

export interface CarrierActorOptions {
  readonly carrier: Carrier
  readonly directory: CallDirectory
  readonly endpoints: Endpoints
  /** Undefined once the session is gone: a hang-up needs no more than the CallSid. */
  readonly findSession: (callId: string) => CallSession | undefined
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
  { callId, command, callSid }: CommandInput,
  signal: AbortSignal,
): Promise<string | undefined> {
  const session = options.findSession(callId)
  const story = session?.story
  story?.note({ what: 'rest', command, outcome: 'asked' })
  try {
    const sid = await ask(options, session, { command, callSid }, signal)
    story?.note({ what: 'rest', command, outcome: 'done' })
    return sid
  } catch (error) {
    const refusal = error instanceof CarrierError ? error : undefined
    if (refusal !== undefined && session !== undefined) session.carrierError = refusal
    story?.note({ what: 'rest', command, outcome: 'failed', code: refusal?.code, status: refusal?.status })
    throw error
  }
}

async function ask(
  options: CarrierActorOptions,
  session: CallSession | undefined,
  { command, callSid }: Omit<CommandInput, 'callId'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (command === 'placeCall' && session !== undefined) return placeCall(options, session, signal)
  if (command === 'hangUp' && callSid !== undefined) await options.carrier.hangUp(callSid, signal)
  return callSid
}

async function placeCall(options: CarrierActorOptions, session: CallSession, signal: AbortSignal): Promise<string> {
  const { id, from, to } = session.facts
  const { endpoints } = options
  const twiml = connectStreamTwiml({
    streamUrl: endpoints.streamUrl,
    actionUrl: endpoints.nextUrl,
    parameters: { token: await options.directory.token(id) },
  })
  const statusCallbackUrl = endpoints.statusUrl(id)
  const placed = await options.carrier.placeCall({ to, from, twiml, statusCallbackUrl, ...session.terms }, signal)
  return placed.callSid
}
