/** The form fields Twilio posts about a call, blank ones included, since those are signed, too. */

import type { SimulatedCall } from './call.ts'

/** https://www.twilio.com/docs/voice/twiml#request-parameters */
export function callForm(call: SimulatedCall, accountSid: string): Record<string, string> {
  return {
    ...(call.direction === 'inbound' ? { CallToken: `token-${call.sid}`, StirVerstat: 'TN-Validation-Passed-A' } : {}),
    // Of a leg that another one has dialled.
    ...(call.parentSid === undefined ? {} : { ParentCallSid: call.parentSid }),
    AccountSid: accountSid,
    ApiVersion: '2010-04-01',
    CallSid: call.sid,
    CallStatus: call.status,
    Direction: call.direction,
    ...party('From', call.from),
    ...party('Caller', call.from),
    ...party('To', call.to),
    ...party('Called', call.to),
  }
}

function party(name: string, number: string): Record<string, string> {
  return {
    [name]: number,
    [`${name}City`]: '',
    [`${name}State`]: '',
    [`${name}Zip`]: '',
    [`${name}Country`]: number.startsWith('+1') ? 'US' : '',
  }
}

/** Twilio's dates, e.g. `Tue, 10 Aug 2010 08:02:17 +0000`. */
export function toRfc2822(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000')
}
