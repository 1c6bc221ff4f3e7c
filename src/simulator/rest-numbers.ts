/** The IncomingPhoneNumbers resource: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource */

import type { OwnNumber, PhoneBook } from './phone-book.ts'
import { toPage } from './rest-pages.ts'
import { RestProblem } from './rest-problem.ts'

export interface NumbersRequest {
  readonly isPost: boolean
  readonly path: string
  /** Undefined asks for the list. */
  readonly sid: string | undefined
  readonly params: URLSearchParams
}

type Resource = Readonly<Record<string, unknown>>

/** Lists, fetches or updates; returns the body of the answer. Throws {@link RestProblem}. */
export function answerForNumbers(request: NumbersRequest, { numbers }: PhoneBook, accountSid: string): Resource {
  const { isPost, path, sid, params } = request
  if (sid === undefined) {
    if (isPost) throw new RestProblem(21218, 400, 'numbers cannot be bought here')
    // The filter also matches parts of numbers.
    const listed = numbers.filter((number) => number.phoneNumber.includes(params.get('PhoneNumber') ?? ''))
    const items = listed.map((number) => numberResource(number, accountSid))
    return toPage(path, 'incoming_phone_numbers', items, params)
  }
  const number = numbers.find((candidate) => candidate.sid === sid)
  if (number === undefined) throw new RestProblem(20404, 404, `/IncomingPhoneNumbers/${sid}.json`)
  if (isPost) updateNumber(number, params)
  return numberResource(number, accountSid)
}

function updateNumber(number: OwnNumber, params: URLSearchParams): void {
  number.voiceUrl = params.get('VoiceUrl') ?? number.voiceUrl
  number.statusCallback = params.get('StatusCallback') ?? number.statusCallback
  const method = params.get('VoiceMethod')
  if (method !== null) number.voiceMethod = method === 'GET' ? 'GET' : 'POST'
}

function numberResource(number: OwnNumber, accountSid: string): Resource {
  return {
    sid: number.sid,
    account_sid: accountSid,
    api_version: '2010-04-01',
    phone_number: number.phoneNumber,
    friendly_name: number.phoneNumber,
    capabilities: { voice: true, sms: false, mms: false, fax: false },
    voice_url: number.voiceUrl,
    voice_method: number.voiceMethod,
    status_callback: number.statusCallback,
    status_callback_method: 'POST',
    uri: `/2010-04-01/Accounts/${accountSid}/IncomingPhoneNumbers/${number.sid}.json`,
  }
}
