import type Router from '@koa/router'
import { type Endpoints, NEXT_PATH, STATUS_CALL, STATUS_PATH, VOICE_PATH } from '../endpoints.ts'
import { connectStreamTwiml, hangupTwiml, rejectTwiml } from '../twilio/twiml.ts'
import { parseStatusCallback, parseVoiceWebhook } from '../twilio/webhooks.ts'
import type { VoiceAnswer, VoiceDesk } from './desks.ts'
import { requireSignedForm, signedParams, type SignedFormOptions } from './signed-form.ts'

export interface VoiceRoutesOptions extends SignedFormOptions {
  readonly desk: VoiceDesk
  readonly endpoints: Endpoints
}

/** What the carrier asks of us. */
export function addVoiceRoutes(router: Router, options: VoiceRoutesOptions): void {
  const { desk, endpoints } = options
  const signed = requireSignedForm(options)

  router.post(VOICE_PATH, signed, async (context) => {
    const answer = await desk.answer(parseVoiceWebhook(signedParams(context)))
    context.type = 'text/xml'
    context.body = toTwiml(answer, endpoints)
  })

  router.post(NEXT_PATH, signed, async (context) => {
    const answer = await desk.next(parseVoiceWebhook(signedParams(context)))
    context.type = 'text/xml'
    context.body = toTwiml(answer, endpoints)
  })

  router.post(STATUS_PATH, signed, async (context) => {
    const callId = context.query[STATUS_CALL]
    await desk.noteStatus(parseStatusCallback(signedParams(context)), typeof callId === 'string' ? callId : undefined)
    context.status = 204
  })
}

function toTwiml(answer: VoiceAnswer, endpoints: Endpoints): string {
  switch (answer.do) {
    case 'connect':
      return connectStreamTwiml({
        streamUrl: endpoints.streamUrl,
        actionUrl: endpoints.nextUrl,
        parameters: { token: answer.token },
      })
    case 'reject':
      return rejectTwiml('busy')
    case 'hangUp':
      return hangupTwiml()
  }
}
