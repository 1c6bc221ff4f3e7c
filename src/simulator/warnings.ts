/** The carrier's debugger: what it found wrong with the server it talks to. https://www.twilio.com/docs/api/errors */

const MEANINGS = {
  11200: 'HTTP retrieval failure',
  11205: 'HTTP connection failure',
  12100: 'document parse failure',
  12200: 'TwiML schema violation',
  12300: 'invalid content type',
  13214: 'Dial: invalid callerId',
  13224: 'Dial: invalid phone number',
  21262: 'answering machine detection without a callback URL',
  31901: 'stream: connection timeout',
  31902: 'stream: connection refused',
  31903: 'stream: broken pipe',
  31910: 'stream: TLS error',
  31920: 'stream: handshake error',
  31921: 'stream: the server closed the socket',
  31922: 'stream: URL scheme not supported',
  31924: 'stream: WebSocket protocol error',
  31930: 'stream: the server reads too slowly, caller audio was discarded',
  31931: 'stream: more than ten minutes of audio are buffered, the rest was discarded',
  31941: 'stream: invalid track',
  31950: 'stream: malformed message',
  31951: 'stream: invalid message',
} as const

export type WarningCode = keyof typeof MEANINGS

export interface Warning {
  readonly code: WarningCode
  /** What the code means, and what was expected and came here. */
  readonly message: string
  readonly callSid: string
  readonly streamSid?: string
  /** The clock's milliseconds. */
  readonly at: number
}

export function describeWarning(code: WarningCode, detail: string): string {
  return `${MEANINGS[code]}: ${detail}`
}
