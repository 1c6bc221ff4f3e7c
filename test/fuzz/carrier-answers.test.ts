import * as fc from 'fast-check'
import { describe } from 'vitest'
import { CarrierError } from '../../src/errors.ts'
import { faultOfAnswer, faultOfFailure } from '../../src/twilio/carrier-fault.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedJson } from './mutated-json.ts'
import { mutatedText } from './mutated-text.ts'
import { must } from './verdict.ts'

const SECRET = 'canary9f8e7d6c5b4a'
const NUMBER = '+15559876543'

const BODIES = [
  {
    code: 21211,
    message: `The 'To' number ${NUMBER} is not valid, says ${SECRET}`,
    more_info: 'https://www.twilio.com/docs/errors/21211',
    status: 400,
  },
  { type: 'about:blank', title: `No ${NUMBER}`, status: 429, code: 20429, detail: `Too many of ${SECRET}`, errors: [] },
  { sid: 'CA0', status: 'queued' },
]

const STATUSES = [200, 201, 204, 301, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 999]

function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function told(statusCode: number, headers: unknown, body: unknown): string {
  const fault = faultOfAnswer({ statusCode, headers, body }, [SECRET, ''])
  if (fault === undefined) return 'done'
  must(fault instanceof CarrierError && fault.code.startsWith('CARRIER_'), 'expected a CarrierError')
  must(!fault.message.includes(SECRET), `expected no secret in a message, got ${fault.message}`)
  // Digits that follow a letter are part of an identifier.
  must(!/(?<![0-9A-Za-z])15559876543/.test(fault.message), `expected no number in a message, got ${fault.message}`)
  must(fault.message.length <= 400 && fault.cause === undefined, 'expected a brief message without a cause')
  const { retryAfterMs = 0, carrierCode = 0, status } = fault
  must(retryAfterMs >= 0 && retryAfterMs <= 86_400_000, `expected a wait of at most a day, got ${retryAfterMs}`)
  must(Number.isSafeInteger(carrierCode), `expected a number for a code, got ${carrierCode}`)
  must(status === statusCode, 'expected the status that came')
  return fault.code
}

describe("a carrier's answer", () => {
  barrage('is an object, or a CarrierError without a secret and without a number', {
    cases: fc.tuple(
      fc.constantFrom(...STATUSES),
      mutatedJson(BODIES),
      mutatedText(['120', 'Wed, 25 Nov 2026 12:00:10 GMT', '0']),
      fc.nat(3),
    ),
    outcome: ([status, text, wait, which]) => {
      const headers = [{ 'retry-after': wait }, { 'retry-after': wait, date: wait }, undefined, Object.create(null)][
        which
      ]
      return told(status, headers, bodyOf(text))
    },
    outcomes: [
      'done',
      'CARRIER_REFUSED',
      'CARRIER_UNAUTHORIZED',
      'CARRIER_NOT_FOUND',
      'CARRIER_RATE_LIMITED',
      'CARRIER_UNAVAILABLE',
      'CARRIER_TIMEOUT',
      'CARRIER_GIBBERISH',
    ],
  })

  barrage('that never came is a CarrierError, whatever was thrown', {
    cases: mutatedJson([
      { code: 'ECONNREFUSED', syscall: 'connect', message: SECRET },
      { code: 'ERR_BAD_RESPONSE', cause: { code: 'HPE_INVALID', syscall: 'read' }, config: { auth: SECRET } },
      { code: 'ENOTFOUND', syscall: 'getaddrinfo ENOTFOUND', cause: null },
    ]),
    outcome: (text) => {
      const fault = faultOfFailure(bodyOf(text))
      must(fault instanceof CarrierError && fault.cause === undefined, 'expected a CarrierError without a cause')
      return fault.ambiguous ? 'perhaps sent' : 'not sent'
    },
    outcomes: ['perhaps sent', 'not sent'],
  })

  growsLinearly(
    'takes time in proportion to its length',
    (message: string) => told(400, { 'retry-after': message, date: message }, { message }),
    {
      digits: (size) => '1'.repeat(size),
      'digits and blanks': (size) => '1 '.repeat(size / 2),
      'digits and dashes': (size) => '1--'.repeat(size / 3),
      'plus signs': (size) => '+'.repeat(size),
      'numbers too short to be one': (size) => '123456 a'.repeat(size / 8),
      secrets: (size) => SECRET.repeat(size / SECRET.length),
      blanks: (size) => ' '.repeat(size),
    },
    8_000,
  )
})
