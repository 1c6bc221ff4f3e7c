import type { Router } from '@koa/router'
import { DETECTED_PATH, DIALLED_ACTION_PATH, DIALLED_PATH, type Endpoints, RECORDED_PATH } from '../endpoints.ts'
import { parseDetectionCallback } from '../twilio/detection-callback.ts'
import { parseDialAction, parseDialledCallback } from '../twilio/dial-callbacks.ts'
import { parseRecordingCallback } from '../twilio/recording-callback.ts'
import type { CallbackDesk } from './desks.ts'
import { type FormAnswer, requireSignedForm, type SignedFormOptions } from './signed-form.ts'
import { answerTwiml } from './twiml-answer.ts'
import { callOf } from './voice-routes.ts'

export interface CallbackRoutesOptions extends SignedFormOptions {
  readonly desk: CallbackDesk
  readonly endpoints: Endpoints
}

/** What the carrier tells of the things that a call has asked it for. */
export function addCallbackRoutes(router: Router, options: CallbackRoutesOptions): void {
  const { desk } = options
  const onForm = (path: string, answer: FormAnswer) => router.post(path, requireSignedForm(options, answer))

  onForm(DETECTED_PATH, async (params, context) => {
    await desk.noteDetection(parseDetectionCallback(params), callOf(context))
    context.status = 204
  })

  onForm(DIALLED_ACTION_PATH, async (params, context) => {
    const action = parseDialAction(params)
    await answerTwiml(context, options, {
      callSid: action.callSid,
      ask: () => desk.dialled(action, callOf(context)),
      otherwise: { do: 'hangUp' },
    })
  })

  onForm(DIALLED_PATH, async (params, context) => {
    await desk.noteDialled(parseDialledCallback(params), callOf(context))
    context.status = 204
  })

  onForm(RECORDED_PATH, async (params, context) => {
    await desk.noteRecording(parseRecordingCallback(params), callOf(context))
    context.status = 204
  })
}
