import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { CALLBACK_CALL, type Endpoints, NEXT_PATH, STATUS_PATH, VOICE_PATH } from '../endpoints.ts'
import { parseStatusCallback, parseVoiceWebhook } from '../twilio/webhooks.ts'
import type { VoiceDesk } from './desks.ts'
import { type FormAnswer, requireSignedForm, type SignedFormOptions } from './signed-form.ts'
import { answerTwiml } from './twiml-answer.ts'

export interface VoiceRoutesOptions extends SignedFormOptions {
  readonly desk: VoiceDesk
  readonly endpoints: Endpoints
}

/** What the carrier asks of us. */
export function addVoiceRoutes(router: Router, options: VoiceRoutesOptions): void {
  const { desk } = options
  const onForm = (path: string, answer: FormAnswer) => router.post(path, requireSignedForm(options, answer))

  onForm(VOICE_PATH, async (params, context) => {
    const webhook = parseVoiceWebhook(params)
    await answerTwiml(context, options, {
      callSid: webhook.callSid,
      ask: () => desk.answer(webhook),
      // One that was answered already cannot be rejected any more.
      otherwise: { do: webhook.callStatus === 'ringing' ? 'reject' : 'hangUp' },
    })
  })

  onForm(NEXT_PATH, async (params, context) => {
    const webhook = parseVoiceWebhook(params)
    await answerTwiml(context, options, {
      callSid: webhook.callSid,
      ask: () => desk.next(webhook),
      otherwise: { do: 'hangUp' },
    })
  })

  onForm(STATUS_PATH, async (params, context) => {
    await desk.noteStatus(parseStatusCallback(params), callOf(context))
    context.status = 204
  })
}

/** Our id, where the callback's URL carries it. */
export function callOf(context: Context): string | undefined {
  const callId = context.query[CALLBACK_CALL]
  return typeof callId === 'string' ? callId : undefined
}
