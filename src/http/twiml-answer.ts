import type { Context } from 'koa'
import type { Endpoints } from '../endpoints.ts'
import type { Logger } from '../log.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { connectStreamTwiml, hangupTwiml, rejectTwiml } from '../twilio/twiml.ts'
import type { VoiceAnswer } from './desks.ts'

export interface TwimlAnswerOptions {
  readonly endpoints: Endpoints
  readonly logger: Logger
  readonly telemetry?: Pick<Telemetry, 'webhookFailed'> | undefined
}

export interface TwimlQuestion {
  readonly callSid: string
  readonly ask: () => Promise<VoiceAnswer>
  /** What the carrier is told when asking fails. */
  readonly otherwise: VoiceAnswer
}

/**
 * Tells the carrier what comes next in a call, in TwiML whatever happens: to anything else it says an error to the caller, and
 * bills that. What fails here is our bug, logged with its cause; the desk that failed has seen to its call.
 */
export async function answerTwiml(
  context: Context,
  options: TwimlAnswerOptions,
  { callSid, ask, otherwise }: TwimlQuestion,
): Promise<void> {
  const { endpoints, logger, telemetry } = options
  context.type = 'text/xml'
  try {
    context.body = toTwiml(await ask(), endpoints)
  } catch (error) {
    logger.error({ err: error, path: context.path, callSid }, 'a webhook failed: the call cannot go on')
    telemetry?.webhookFailed()
    context.body = toTwiml(otherwise, endpoints)
  }
}

function toTwiml(answer: VoiceAnswer, { streamUrl, nextUrl }: Endpoints): string {
  if (answer.do === 'reject') return rejectTwiml('busy')
  if (answer.do === 'hangUp') return hangupTwiml()
  return connectStreamTwiml({ streamUrl, actionUrl: nextUrl, parameters: { token: answer.token } })
}
