/** Twilio's REST errors: https://www.twilio.com/docs/usage/twilios-response and /docs/api/errors/CODE */

const MESSAGES = {
  20003: 'Authenticate',
  20404: 'The requested resource was not found',
  20429: 'Too many requests',
  20500: 'Internal server error',
  21201: "No 'To' number is specified",
  21205: 'Url parameter is required',
  21210: 'The source phone number provided is not yet verified or owned by this account',
  21211: "Invalid 'To' Phone Number",
  21212: "Invalid 'From' Phone Number",
  21213: "No 'From' number is specified",
  21214: "'To' phone number cannot be reached",
  21215: 'Account not authorized to call this number',
  21216: 'Account not allowed to call this number',
  21217: 'Phone number does not appear to be valid',
  21218: 'Invalid value for a call parameter',
  21220: 'Call is not in-progress. Cannot redirect.',
} as const

export type ProblemCode = keyof typeof MESSAGES

export class RestProblem extends Error {
  override readonly name = 'RestProblem'
  readonly code: ProblemCode
  readonly status: number

  constructor(code: ProblemCode, status = 400, detail?: string, meaning: string = MESSAGES[code]) {
    super(detail === undefined ? meaning : `${meaning}: ${detail}`)
    this.code = code
    this.status = status
  }

  toBody(): Readonly<Record<string, unknown>> {
    const { code, message, status } = this
    return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }
  }
}

/** 21220 has other words where a recording is asked for. */
export function notRecordable(detail: string): RestProblem {
  return new RestProblem(21220, 400, detail, 'Requested resource is not eligible for recording')
}

/** What Twilio would say with a bare HTTP status. */
export function problemForStatus(status: number): RestProblem {
  if (status === 401) return new RestProblem(20003, status)
  if (status === 404) return new RestProblem(20404, status)
  if (status === 429) return new RestProblem(20429, status)
  return new RestProblem(status >= 500 ? 20500 : 21218, status)
}
