import { describe, expect, it } from 'vitest'
import { faultOfAnswer, faultOfFailure } from '../../src/twilio/carrier-fault.ts'

/** As axios wraps a socket's error. */
function wrapped(code: string, cause?: unknown): Error {
  return Object.assign(new Error(code, { cause }), { code, config: { headers: { Authorization: 'Basic c2VjcmV0' } } })
}

const socketError = (code: string, syscall: string) => Object.assign(new Error(code), { code, syscall })

describe('a failure without an answer', () => {
  const refused = socketError('ECONNREFUSED', 'connect')

  it.each([
    ['a name that does not resolve', wrapped('ENOTFOUND', socketError('ENOTFOUND', 'getaddrinfo'))],
    ['a resolver that is away', wrapped('EAI_AGAIN', socketError('EAI_AGAIN', 'getaddrinfo'))],
    ['a closed port', wrapped('ECONNREFUSED', refused)],
    ['a host that does not answer', wrapped('ETIMEDOUT', socketError('ETIMEDOUT', 'connect'))],
    ['closed ports at every address', wrapped('ECONNREFUSED', new AggregateError([refused, refused]))],
  ])('from %s is known to have sent nothing', (_, thrown) => {
    const fault = faultOfFailure(thrown)
    expect(fault.code).toBe('CARRIER_UNAVAILABLE')
    expect(fault.message).toMatch(/^could not connect to the carrier \([A-Z_]+\); nothing was sent$/)
  })

  it.each([
    ['ECONNRESET', wrapped('ECONNRESET', socketError('ECONNRESET', 'read')), 'CARRIER_UNAVAILABLE'],
    ['EPIPE', wrapped('EPIPE', socketError('EPIPE', 'write')), 'CARRIER_UNAVAILABLE'],
    ['one address out of two', wrapped('X', new AggregateError([refused, wrapped('EPIPE')])), 'CARRIER_UNAVAILABLE'],
    ['no address at all', wrapped('X', new AggregateError([])), 'CARRIER_UNAVAILABLE'],
    ['the SDK’s own timeout', wrapped('ECONNABORTED'), 'CARRIER_TIMEOUT'],
    ['a read that timed out', wrapped('ETIMEDOUT', socketError('ETIMEDOUT', 'read')), 'CARRIER_TIMEOUT'],
    ['something that is not HTTP', wrapped('HPE_INVALID_CONSTANT'), 'CARRIER_GIBBERISH'],
    ['a broken encoding', wrapped('Z_DATA_ERROR'), 'CARRIER_GIBBERISH'],
    ['something that is no error', 'oops', 'CARRIER_UNAVAILABLE'],
    ['nothing', undefined, 'CARRIER_UNAVAILABLE'],
  ])('from %s may have taken effect', (_, thrown, code) => {
    const fault = faultOfFailure(thrown)
    expect(fault).toMatchObject({ code, ambiguous: true })
    expect(fault.message).not.toContain('nothing was sent')
  })

  it('does not carry the request, which has the credentials in it', () => {
    const fault = faultOfFailure(wrapped('ECONNRESET'))
    expect(fault.cause).toBeUndefined()
    expect(JSON.stringify(fault)).not.toContain('Basic')
  })
})

function explained(message: string): string | undefined {
  return faultOfAnswer({ statusCode: 400, headers: {}, body: { message } }, ['hunter2'])?.message
}

describe('an explanation', () => {
  it.each([
    ['From +15551234567 to +442079460958', 'From ...67 to ...58'],
    ['the number 5551234567.', 'the number ...67.'],
    ['To=%2B15551234567&x=1', 'To=...67&x=1'],
    ['(555) 123-4567', '(...67'],
    [
      'see https://www.twilio.com/docs/errors/21211 in 30000 ms',
      'see https://www.twilio.com/docs/errors/21211 in 30000 ms',
    ],
    ['call CA01234567890123456789012345678901', 'call CA01234567890123456789012345678901'],
    ['password hunter2 is wrong, hunter2!', 'password [secret] is wrong, [secret]!'],
  ])('%j is passed on as %j', (message, safe) => {
    expect(explained(message)).toBe(`the carrier refused (HTTP 400): ${safe}`)
  })
})

describe("a carrier's own number for what is wrong", () => {
  const codeIn = (code: unknown) => faultOfAnswer({ statusCode: 400, headers: {}, body: { code } }, [])

  it.each([
    [21_211, 21_211],
    ['21211', 21_211],
  ])('is %j', (code, carrierCode) => {
    expect(codeIn(code)).toMatchObject({ code: 'CARRIER_REFUSED', carrierCode, ambiguous: false })
  })

  it.each([[{ toString: 1, valueOf: 1 }], [{}], [[20_003]], [[]], [true], [null], [''], ['twelve'], [1.5], ['1e3']])(
    'is none if it is %j, which leaves a refusal what it is',
    (code) => {
      expect(codeIn(code)).toMatchObject({ code: 'CARRIER_REFUSED', carrierCode: undefined, ambiguous: false })
    },
  )
})
