import type { Context } from 'koa'
import { ProtocolError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { verifyWebhook } from '../twilio/signature.ts'
import { type FormParams, parseFormBody } from '../twilio/webhooks.ts'
import { readForm } from './body.ts'
import { HttpProblem } from './problem.ts'

export interface SignedFormOptions {
  readonly publicUrl: string
  readonly tokens: readonly string[]
  /** The account whose calls these are; undefined: any that can sign. */
  readonly accountSid?: string | undefined
  readonly logger: Logger
  readonly telemetry?: Pick<Telemetry, 'signatureFailed' | 'webhookFailed'> | undefined
}

export type FormAnswer = (params: FormParams, context: Context) => Promise<void>

/**
 * Passes on what the carrier signed, and refuses the rest. The URL it signed is the public one it was given, never what
 * the Host header says; the form is read from the raw body.
 */
export function requireSignedForm(options: SignedFormOptions, answer: FormAnswer) {
  return (context: Context): Promise<void> =>
    readForm(context, async () => {
      const params = verifiedParams(context, options)
      requireOwn(params, options)
      try {
        await answer(params, context)
      } catch (error) {
        if (!(error instanceof ProtocolError) || error.code !== 'WEBHOOK_INVALID') throw error
        throw new HttpProblem(400, error.code, error.message)
      }
    })
}

function verifiedParams(context: Context, { publicUrl, tokens, logger, telemetry }: SignedFormOptions): FormParams {
  const params = parseFormBody(context.request.rawBody ?? '')
  const signature = context.get('x-twilio-signature') || undefined
  if (verifyWebhook({ url: publicUrl + context.originalUrl, params, signature, tokens })) return params
  logger.warn({ path: context.path, signed: signature !== undefined }, 'webhook refused')
  telemetry?.signatureFailed()
  const got = signature === undefined ? 'none' : 'one that does not fit'
  throw new HttpProblem(
    403,
    'SIGNATURE_INVALID',
    `expected an X-Twilio-Signature over ${publicUrl}${context.path} and the form, got ${got}`,
  )
}

/** Only our account's token signs, so that another account's form is one that somebody made up who has got hold of it. */
function requireOwn(params: FormParams, { accountSid, logger }: SignedFormOptions): void {
  const { AccountSid: given } = params
  if (accountSid === undefined || given === undefined || given === accountSid) return
  logger.warn('webhook refused: it is of another account')
  throw new HttpProblem(403, 'ACCOUNT_FOREIGN', 'expected the AccountSid to be TWILIO_ACCOUNT_SID, got another')
}
