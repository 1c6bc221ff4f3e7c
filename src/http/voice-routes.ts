import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { CALLBACK_CALL, type Endpoints, NEXT_PATH, STATUS_PATH, VOICE_PATH } from '../endpoints.ts'
import { connectStreamTwiml, hangupTwiml, rejectTwiml } from '../twilio/twiml.ts'
import { parseStatusCallback, parseVoiceWebhook } from '../twilio/webhooks.ts'
import type { VoiceAnswer, VoiceDesk } from './desks.ts'
import { type FormAnswer, requireSignedForm, type SignedFormOptions } from './signed-form.ts'

export interface VoiceRoutesOptions extends SignedFormOptions {
  readonly desk: VoiceDesk
  readonly endpoints: Endpoints
}

/** What the carrier asks of us. */
export function addVoiceRoutes(router: Router, options: VoiceRoutesOptions): void {
  const { desk, endpoints } = options
  const onForm = (path: string, answer: FormAnswer) => router.post(path, requireSignedForm(options, answer))

  onForm(VOICE_PATH, async (params, context) => {
    const answer = await desk.answer(parseVoiceWebhook(params))
    context.type = 'text/xml'
    context.body = toTwiml(answer, endpoints)
  })

  onForm(NEXT_PATH, async (params, context) => {
    const answer = await desk.next(parseVoiceWebhook(params))
    context.type = 'text/xml'
    context.body = toTwiml(answer, endpoints)
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

export function toTwiml(answer: VoiceAnswer, { streamUrl, nextUrl }: Endpoints): string {
  if (answer.do === 'reject') return rejectTwiml('busy')
  if (answer.do === 'hangUp') return hangupTwiml()
  return connectStreamTwiml({ streamUrl, actionUrl: nextUrl, parameters: { token: answer.token } })
}
