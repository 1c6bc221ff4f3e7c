import type { Router } from '@koa/router'
import { type Endpoints, NEXT_PATH, STATUS_CALL, STATUS_PATH, VOICE_PATH } from '../endpoints.ts'
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
    const callId = context.query[STATUS_CALL]
    await desk.noteStatus(parseStatusCallback(params), typeof callId === 'string' ? callId : undefined)
    context.status = 204
  })
}

function toTwiml(answer: VoiceAnswer, { streamUrl, nextUrl }: Endpoints): string {
  if (answer.do === 'reject') return rejectTwiml('busy')
  if (answer.do === 'hangUp') return hangupTwiml()
  return connectStreamTwiml({ streamUrl, actionUrl: nextUrl, parameters: { token: answer.token } })
}
