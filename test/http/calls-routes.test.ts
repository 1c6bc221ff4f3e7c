import { describe, expect, it } from 'vitest'
import { AdmissionError, CarrierError, ConfigurationError, UsageError } from '../../src/errors.ts'
import { CALL, CALL_SID, openHttp, problemOf } from './http-rig.ts'

const TO = '+15551234567'

describe('POST /calls', () => {
  it('answers 201 with the call and where to find it', async () => {
    const http = await openHttp()
    const response = await http.ask('POST', '/calls', { to: TO })
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe(`/calls/${CALL.id}`)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await response.json()).toEqual(CALL)
    expect(http.calls.dial).toHaveBeenCalledExactlyOnceWith({ to: TO })
  })

  it('answers 202 while the call is still queued', async () => {
    const http = await openHttp()
    http.calls.dial.mockResolvedValue({ call: CALL, isQueued: true })
    expect((await http.ask('POST', '/calls', { to: TO })).status).toBe(202)
  })

  it('passes every documented field on', async () => {
    const http = await openHttp()
    const body = {
      to: TO,
      from: '+15550100000',
      agent: 'greeter',
      parameters: { customer: '42', note: '' },
      timeLimitSeconds: 60,
      ringTimeoutSeconds: 20,
      overflow: 'drop-oldest',
    }
    expect((await http.ask('POST', '/calls', body)).status).toBe(201)
    expect(http.calls.dial).toHaveBeenCalledExactlyOnceWith(body)
  })

  it.each([
    ['an empty body', ''],
    ['text that is no JSON', '{"to": '],
    ['a bare string', '"hello"'],
    ['null', 'null'],
    ['an array', '[]'],
    ['an empty object', '{}'],
    ['a number where text belongs', '{"to": 15551234567}'],
    ['a field by another name', `{"To": "${TO}"}`],
    ['a field too many', `{"to": "${TO}", "twiml": "<Say/>"}`],
    ['a parameter that is no text', `{"to": "${TO}", "parameters": {"a": 1}}`],
    [
      'a parameter that is no text and has no length',
      `{"to": "${TO}", "parameters": {"a": {"length": {"toString": 1}}}}`,
    ],
    ['a parameter that is too long', JSON.stringify({ to: TO, parameters: { a: 'x'.repeat(4_001) } })],
    ['a parameter whose name is too long', JSON.stringify({ to: TO, parameters: { ['x'.repeat(201)]: 'a' } })],
    ['parameters in a list', `{"to": "${TO}", "parameters": ["a"]}`],
    ['more than fifty parameters', JSON.stringify({ to: TO, parameters: Object.fromEntries(numbered(51)) })],
    ['a time limit of none', `{"to": "${TO}", "timeLimitSeconds": 0}`],
    ['a time limit in fractions', `{"to": "${TO}", "timeLimitSeconds": 1.5}`],
    ['a time limit beyond a day', `{"to": "${TO}", "timeLimitSeconds": 86401}`],
    ['an overflow policy that there is not', `{"to": "${TO}", "overflow": "drop-newest"}`],
    ['a ring timeout in text', `{"to": "${TO}", "ringTimeoutSeconds": "20"}`],
    ['a ring timeout beyond what Twilio takes', `{"to": "${TO}", "ringTimeoutSeconds": 601}`],
  ])('answers 400 to %s', async (_, body) => {
    const http = await openHttp()
    const response = await http.ask('POST', '/calls', body)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await problemOf(response)).toMatchObject({ status: 400, code: 'BODY_INVALID', title: 'Body invalid' })
    expect(http.calls.dial).not.toHaveBeenCalled()
  })

  it('names the field that is wrong', async () => {
    const http = await openHttp()
    const { detail } = await problemOf(await http.ask('POST', '/calls', { to: TO, ringTimeoutSeconds: 'x', colour: 1 }))
    expect(detail).toContain('ringTimeoutSeconds')
    expect(detail).toContain('colour')
  })

  it('takes JSON only, and says so to a form', async () => {
    const http = await openHttp()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await http.ask('POST', '/calls', `to=${encodeURIComponent(TO)}`, headers)
    expect(response.status).toBe(400)
    expect((await problemOf(response)).detail).toContain('application/json')
    expect(http.calls.dial).not.toHaveBeenCalled()
  })

  it.each([
    [400, new UsageError('PHONE_NUMBER_INVALID', 'expected E.164, got nothing')],
    [400, new ConfigurationError('AGENT_UNKNOWN', 'expected echo, got other')],
    [403, new AdmissionError('DESTINATION_NOT_ALLOWED', 'expected +1, got another')],
    [429, new AdmissionError('DIAL_LIMIT', 'expected at most 30, got one more')],
    [503, new AdmissionError('NODE_FULL', 'expected at most 150, got one more')],
    [503, new AdmissionError('NODE_OVERLOADED', 'expected a node that keeps up')],
    [503, new AdmissionError('NODE_DRAINING', 'expected a node that takes calls')],
    [502, new CarrierError('CARRIER_REFUSED', 'the carrier refused')],
    [502, new CarrierError('CARRIER_UNAUTHORIZED', 'the carrier did not accept the credentials')],
    [502, new CarrierError('CARRIER_NOT_FOUND', 'no such thing')],
    [502, new CarrierError('CARRIER_RATE_LIMITED', 'fewer requests')],
    [502, new CarrierError('CARRIER_UNAVAILABLE', 'the carrier failed')],
    [502, new CarrierError('CARRIER_TIMEOUT', 'no answer in time')],
    [502, new CarrierError('CARRIER_GIBBERISH', 'expected JSON')],
  ])('answers %i to the refusal %s, under its own code and in its own words', async (status, error) => {
    const http = await openHttp()
    http.calls.dial.mockRejectedValue(error)
    const response = await http.ask('POST', '/calls', { to: TO })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await problemOf(response)).toMatchObject({
      type: 'about:blank',
      status,
      code: error.code,
      detail: error.message,
    })
    expect(http.lines).toEqual([])
  })

  it("repeats the carrier's own code and status with its message", async () => {
    const http = await openHttp()
    const message = 'the carrier refused (HTTP 400, 21211): invalid To'
    http.calls.dial.mockRejectedValue(
      new CarrierError('CARRIER_REFUSED', message, { status: 400, carrierCode: 21_211 }),
    )
    const problem = await problemOf(await http.ask('POST', '/calls', { to: TO }))
    expect(problem).toMatchObject({ status: 502, detail: message, carrier: { code: 21_211, status: 400 } })
    http.calls.dial.mockRejectedValue(new CarrierError('CARRIER_TIMEOUT', 'none'))
    const silent = await problemOf(await http.ask('POST', '/calls', { to: TO }))
    expect(silent.carrier).toEqual({ code: null, status: null })
  })

  it.each([
    new Error('inner workings'),
    Object.assign(new Error('inner workings'), { status: 400, expose: true }),
    new ConfigurationError('CONFIG_INVALID', 'inner workings'),
    'inner workings',
  ])('answers 500 without details to what nobody foresaw (%s), and logs it', async (thrown) => {
    const http = await openHttp()
    http.calls.dial.mockRejectedValue(thrown)
    const response = await http.ask('POST', '/calls', { to: TO })
    expect(response.status).toBe(500)
    const problem = await problemOf(response)
    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL_ERROR' })
    expect(JSON.stringify(problem)).not.toContain('inner workings')
    expect(http.lines.filter((line) => line.includes('inner workings'))).toHaveLength(1)
  })
})

describe('GET /calls', () => {
  it('lists the calls', async () => {
    const http = await openHttp()
    const response = await http.ask('GET', '/calls')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ calls: [CALL], nextCursor: null })
  })
})

describe('GET /calls/:id', () => {
  it.each([CALL.id, CALL_SID])('finds a call by our id or by its CallSid (%s)', async (key) => {
    const http = await openHttp()
    const response = await http.ask('GET', `/calls/${key}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(CALL)
  })

  it.each(['nobody', '__proto__', 'constructor', 'a%2Fb', '%E0%A4%A', '%00'])(
    'answers 404 when there is no call "%s"',
    async (key) => {
      const http = await openHttp()
      const response = await http.ask('GET', `/calls/${key}`)
      expect(response.status).toBe(404)
      expect((await problemOf(response)).code).toBe('CALL_UNKNOWN')
    },
  )
})

describe('DELETE /calls/:id', () => {
  it('answers 200 with the call, each time', async () => {
    const http = await openHttp()
    for (let time = 0; time < 2; time += 1) {
      const response = await http.ask('DELETE', `/calls/${CALL.id}`)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual(CALL)
    }
    expect(http.calls.hangUp.mock.calls).toEqual([[CALL.id], [CALL.id]])
  })

  it('answers 404 when there is no such call', async () => {
    const http = await openHttp()
    const response = await http.ask('DELETE', '/calls/nobody')
    expect(response.status).toBe(404)
    expect((await problemOf(response)).code).toBe('CALL_UNKNOWN')
  })
})

describe('POST /calls/:id/digits', () => {
  it('passes the digits on and answers with the call', async () => {
    const http = await openHttp()
    const response = await http.ask('POST', `/calls/${CALL.id}/digits`, { digits: '12#' })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(CALL)
    expect(http.calls.sendDigits).toHaveBeenCalledExactlyOnceWith(CALL.id, '12#')
  })

  it.each(['{}', '{"digits": 12}', '{"digits": "1", "to": "2"}', '[]', ''])('answers 400 to %s', async (body) => {
    const http = await openHttp()
    const response = await http.ask('POST', `/calls/${CALL.id}/digits`, body)
    expect(response.status).toBe(400)
    expect((await problemOf(response)).code).toBe('BODY_INVALID')
    expect(http.calls.sendDigits).not.toHaveBeenCalled()
  })

  it('answers 400 to characters that are no digits', async () => {
    const http = await openHttp()
    http.calls.sendDigits.mockImplementation(() => {
      throw new UsageError('DIGITS_INVALID', 'expected 0-9 * # A-D, got "x"')
    })
    const response = await http.ask('POST', `/calls/${CALL.id}/digits`, { digits: 'x' })
    expect(response.status).toBe(400)
    expect((await problemOf(response)).code).toBe('DIGITS_INVALID')
  })

  it('answers 409 when the call is over', async () => {
    const http = await openHttp()
    http.calls.sendDigits.mockImplementation(() => {
      throw new UsageError('CALL_OVER', 'expected a call in progress')
    })
    const response = await http.ask('POST', `/calls/${CALL.id}/digits`, { digits: '1' })
    expect(response.status).toBe(409)
    expect((await problemOf(response)).code).toBe('CALL_OVER')
  })

  it('answers 404 when there is no such call', async () => {
    const http = await openHttp()
    expect((await http.ask('POST', '/calls/nobody/digits', { digits: '1' })).status).toBe(404)
  })
})

function numbered(count: number): [string, string][] {
  return Array.from({ length: count }, (_, index) => [`name${index}`, 'value'])
}
