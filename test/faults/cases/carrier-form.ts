import { signWebhook } from '../../../src/twilio/signature.ts'
import { OUR_NUMBER, PUBLIC_URL, type Stage } from '../../scenarios/stage.ts'

export const CALLER = '+15551110001'
export const CALLEE = '+15552220001'
/** Of a call that nobody has ever heard of. */
export const NO_CALL = `CA${'e'.repeat(32)}`

/** Every address at which the carrier posts forms, and the callbacks among them, which it needs no words for. */
export const CALLBACK_PATHS = ['/status', '/detected', '/dialled', '/recorded']
export const FORM_PATHS = ['/twiml', '/twiml/next', '/twiml/dialled', ...CALLBACK_PATHS]

export type Form = Readonly<Record<string, string>>

/** What every form says that is of use at any of these addresses. */
export function formOf(stage: Stage, callSid: string, more: Form = {}): Form {
  return {
    AccountSid: stage.carrier.accountSid,
    CallSid: callSid,
    From: CALLER,
    To: OUR_NUMBER,
    Direction: 'inbound',
    CallStatus: 'ringing',
    ...more,
  }
}

/** Posts a form with the signature of a token; without one, unsigned. */
export async function postForm(stage: Stage, path: string, form: Form, token?: string) {
  const signed = token === undefined ? {} : { 'x-twilio-signature': signatureOf(path, form, token) }
  const answer = fetch(stage.url + path, { method: 'POST', headers: signed, body: new URLSearchParams(form) })
  const response = await stage.meanwhile(answer)
  return { status: response.status, text: await response.text() }
}

function signatureOf(path: string, params: Form, token: string): string {
  return signWebhook({ url: PUBLIC_URL + path, params, token })
}

/** What the carrier was asked for about calls, in order. */
export function operations(stage: Stage): (string | undefined)[] {
  return stage.carrier.rest.requests.map(({ operation }) => operation)
}
