import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { PlaceCallRequest } from '../../src/carrier.ts'
import type { Clock } from '../../src/clock.ts'
import { CarrierError } from '../../src/errors.ts'
import { createTwilioCarrier, type TwilioCarrierOptions } from '../../src/twilio/rest.ts'
import { type CarrierServer, json, type Reply, startCarrierServer, text } from './carrier-server.ts'
import { ACCOUNT_SID, CALL_SID } from './wire-messages.ts'

const TOKEN = 'the-auth-token'
const TO = '+15551234567'
const REQUEST: PlaceCallRequest = {
  to: TO,
  from: '+15550100000',
  twiml: '<Response><Hangup/></Response>',
  statusCallbackUrl: 'https://voice.example/status',
  ringTimeoutSeconds: 30,
  timeLimitSeconds: 3600,
}
const QUEUED = json(201, { sid: CALL_SID, status: 'queued', date_created: null })

const SID = 'PN0123456789abcdef0123456789abcdef'
const silent: Reply = () => {}
const stuck: Reply = (response) => void response.writeHead(201, { 'content-length': '100' }).write('{"sid":')
const chatter: Reply = (_, request) => void request.socket.end('220 mail.example ESMTP\r\n')

const explained = (code: number, message: string) => ({ code, message, more_info: 'https://example.com', status: 0 })

function listing(...phoneNumbers: string[]): Reply {
  const numbers = phoneNumbers.map((phone_number, at) => ({ sid: at === 0 ? SID : 'PN9', phone_number }))
  return json(200, { incoming_phone_numbers: numbers, next_page_uri: null, page: 0, page_size: 20 })
}

let running: CarrierServer | undefined

afterEach(async () => {
  await running?.close()
  running = undefined
})

async function carrierAnswering(replies: [Reply, ...Reply[]], options: Partial<TwilioCarrierOptions> = {}) {
  const server = await startCarrierServer(...replies)
  running = server
  const carrier = createTwilioCarrier({ accountSid: ACCOUNT_SID, authToken: TOKEN, apiUrl: server.url, ...options })
  return { carrier, server }
}

/** What the promise rejects with, which must be a CarrierError that gives nothing away. */
async function faultOf(promise: Promise<unknown>): Promise<CarrierError> {
  const fault: unknown = await promise.then(
    (value) => `it resolved with ${JSON.stringify(value)}`,
    (thrown: unknown) => thrown,
  )
  if (!(fault instanceof CarrierError)) throw new Error(`expected a CarrierError, got ${String(fault)}`)
  expect(fault.cause).toBeUndefined()
  expect(fault.message).not.toContain(TOKEN)
  expect(fault.message).not.toContain(TO.slice(1))
  return fault
}

describe('placing a call', () => {
  it('posts one form as Twilio documents it, with the status events repeated', async () => {
    const { carrier, server } = await carrierAnswering([QUEUED])
    expect(await carrier.placeCall(REQUEST)).toEqual({ callSid: CALL_SID, status: 'queued' })
    const [asked, ...more] = server.asked
    expect(more).toEqual([])
    expect(asked).toMatchObject({
      method: 'POST',
      path: `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls.json`,
      contentType: 'application/x-www-form-urlencoded',
      authorization: `Basic ${btoa(`${ACCOUNT_SID}:${TOKEN}`)}`,
    })
    expect({ ...asked?.form }).toEqual({
      To: TO,
      From: '+15550100000',
      Twiml: '<Response><Hangup/></Response>',
      StatusCallback: 'https://voice.example/status',
      StatusCallbackMethod: 'POST',
      StatusCallbackEvent: ['initiated', 'ringing', 'answered', 'completed'],
      Timeout: '30',
      TimeLimit: '3600',
    })
  })

  it('prefers an API key to the token, for the same account', async () => {
    const apiKey = 'SK0123456789abcdef0123456789abcdef'
    const { carrier, server } = await carrierAnswering([QUEUED], { apiKey, apiSecret: 'shh' })
    await carrier.placeCall(REQUEST)
    expect(server.asked[0]).toMatchObject({
      path: `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls.json`,
      authorization: `Basic ${btoa(`${apiKey}:shh`)}`,
    })
  })

  it('keeps the path of another REST base', async () => {
    const { server } = await carrierAnswering([QUEUED])
    const apiUrl = `${server.url}/fake/twilio/`
    const carrier = createTwilioCarrier({ accountSid: ACCOUNT_SID, authToken: TOKEN, apiUrl })
    await carrier.placeCall(REQUEST)
    expect(server.asked[0]?.path).toBe(`/fake/twilio/2010-04-01/Accounts/${ACCOUNT_SID}/Calls.json`)
  })
})

describe('an answer that is no success', () => {
  const refused = { code: 21211, message: `The 'To' number ${TO} is not a valid phone number.`, status: 400 }

  it.each([
    ['401', json(401, explained(20003, 'Authenticate')), 'CARRIER_UNAUTHORIZED', 20003, false],
    ['403 for the credentials', json(403, explained(20003, 'Forbidden')), 'CARRIER_UNAUTHORIZED', 20003, false],
    ['403 for another reason', json(403, explained(20008, 'Test credentials')), 'CARRIER_REFUSED', 20008, false],
    ['404', json(404, explained(20404, 'Not found')), 'CARRIER_NOT_FOUND', 20404, false],
    ['408', text(408, ''), 'CARRIER_TIMEOUT', undefined, true],
    ['400 with a code', json(400, refused), 'CARRIER_REFUSED', 21211, false],
    [
      '400 of a newer product',
      json(400, { code: 60200, title: 'T', detail: 'D', status: 400 }),
      'CARRIER_REFUSED',
      60200,
      false,
    ],
    ['400 with nothing', text(400, ''), 'CARRIER_REFUSED', undefined, false],
    ['429', json(429, explained(20429, 'Too Many Requests')), 'CARRIER_RATE_LIMITED', 20429, false],
    ['500', json(500, explained(20500, 'Internal')), 'CARRIER_UNAVAILABLE', 20500, true],
    ['502 in HTML', text(502, '<html>Bad Gateway</html>'), 'CARRIER_UNAVAILABLE', undefined, true],
    ['200 in HTML', text(200, '<html>Welcome to the hotel</html>'), 'CARRIER_GIBBERISH', undefined, true],
    ['201 with nothing', text(201, ''), 'CARRIER_GIBBERISH', undefined, true],
    ['201 with half of its JSON', text(201, '{"sid":"CA'), 'CARRIER_GIBBERISH', undefined, true],
    ['201 with an array', text(201, '[]'), 'CARRIER_GIBBERISH', undefined, true],
    ['302', text(302, '', { location: 'https://elsewhere.example/' }), 'CARRIER_GIBBERISH', undefined, true],
  ] as const)('%s', async (_, reply, code, carrierCode, ambiguous) => {
    const { carrier, server } = await carrierAnswering([reply])
    const fault = await faultOf(carrier.placeCall(REQUEST))
    expect(fault).toMatchObject({ code, carrierCode, ambiguous })
    expect(fault.status).toBeGreaterThanOrEqual(200)
    // One request, never repeated.
    expect(server.asked).toHaveLength(1)
  })

  it('is told in the carrier’s words, with the number cut down and the token taken out', async () => {
    const echo = { code: 21211, message: `${TO}, %2B15551234567, 1 (555) 123-4567, ${TOKEN} ${'x'.repeat(500)}` }
    const { carrier } = await carrierAnswering([json(400, refused), json(400, echo)])
    expect((await faultOf(carrier.placeCall(REQUEST))).message).toBe(
      "the carrier refused (HTTP 400, 21211): The 'To' number ...67 is not a valid phone number.",
    )
    expect((await faultOf(carrier.placeCall(REQUEST))).message).toMatch(
      /^the carrier refused \(HTTP 400, 21211\): \.\.\.67, \.\.\.67, \.\.\.67, \[secret\] x+\.\.\.$/,
    )
  })

  it.each([
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': 'Sun, 22 Nov 2026 10:00:30 GMT', date: 'Sun, 22 Nov 2026 10:00:00 GMT' }, 30_000],
    [{ 'retry-after': 'Sun, 22 Nov 2026 09:00:00 GMT', date: 'Sun, 22 Nov 2026 10:00:00 GMT' }, 0],
    [{ 'retry-after': '99999999999' }, 86_400_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('with the headers %j asks to wait %s ms', async (headers, retryAfterMs) => {
    const { carrier } = await carrierAnswering([json(429, {}, headers)])
    expect((await faultOf(carrier.placeCall(REQUEST))).retryAfterMs).toBe(retryAfterMs)
  })

  it.each([{}, { sid: null }, { sid: 'SM0123' }, { sid: `${CALL_SID}/../x` }, { calls: [] }])(
    'is a success without a CallSid: %j',
    async (body) => {
      const { carrier } = await carrierAnswering([json(201, body)])
      const fault = await faultOf(carrier.placeCall(REQUEST))
      expect(fault).toMatchObject({ code: 'CARRIER_GIBBERISH', ambiguous: true })
      expect(fault.message).toMatch(/^expected a CallSid in the carrier's answer, got /)
    },
  )
})

describe('a carrier that does not answer', () => {
  it('is given up after the timeout, by the clock it was given, and its request closed', async () => {
    const clock = createHandClock()
    const { carrier, server } = await carrierAnswering([silent], { requestTimeoutMs: 8000, clock })
    const call = faultOf(carrier.placeCall(REQUEST))
    await until(() => server.open() === 1)
    clock.fire(8000)
    const fault = await call
    expect(fault).toMatchObject({ code: 'CARRIER_TIMEOUT', ambiguous: true, status: undefined })
    expect(fault.message).toBe('expected an answer from the carrier within 8000 ms, got none')
    await until(() => server.open() === 0)
  })

  it('is given up too when it stops half way through its answer', async () => {
    const { carrier } = await carrierAnswering([stuck], { requestTimeoutMs: 50 })
    expect(await faultOf(carrier.placeCall(REQUEST))).toMatchObject({ code: 'CARRIER_TIMEOUT', ambiguous: true })
  })

  it('is left when the signal aborts: the reason is thrown and the request closed', async () => {
    const clock = createHandClock()
    const { carrier, server } = await carrierAnswering([silent], { clock })
    const controller = new AbortController()
    const call = carrier.placeCall(REQUEST, controller.signal)
    await until(() => server.open() === 1)
    const reason = new Error('the caller has gone')
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    await until(() => server.open() === 0)
    expect(clock.pending()).toBe(0)
  })

  it('is not asked at all when the signal has aborted already', async () => {
    const { carrier, server } = await carrierAnswering([QUEUED])
    const reason = new Error('too late')
    await expect(carrier.placeCall(REQUEST, AbortSignal.abort(reason))).rejects.toBe(reason)
    await expect(carrier.hangUp(CALL_SID, AbortSignal.abort(reason))).rejects.toBe(reason)
    await expect(carrier.pointNumber(TO, 'https://x', AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(server.asked).toEqual([])
  })

  it('leaves other commands alone when one aborts', async () => {
    const { carrier, server } = await carrierAnswering([silent, QUEUED])
    const controller = new AbortController()
    const first = carrier.placeCall(REQUEST, controller.signal)
    await until(() => server.open() === 1)
    const second = carrier.placeCall(REQUEST)
    controller.abort(new Error('only the first'))
    await expect(first).rejects.toThrow('only the first')
    expect(await second).toMatchObject({ callSid: CALL_SID })
  })

  it('may reset the connection after the request: that is ambiguous', async () => {
    const { carrier } = await carrierAnswering([(_, request) => void request.socket.resetAndDestroy()])
    const fault = await faultOf(carrier.placeCall(REQUEST))
    expect(fault).toMatchObject({ code: 'CARRIER_UNAVAILABLE', ambiguous: true })
    expect(fault.message).toBe('lost the connection to the carrier before its answer (ECONNRESET)')
  })

  it('may not be there to connect to: nothing was sent, and the message says so', async () => {
    const { carrier, server: gone } = await carrierAnswering([QUEUED])
    await gone.close()
    const fault = await faultOf(carrier.placeCall(REQUEST))
    expect(fault.code).toBe('CARRIER_UNAVAILABLE')
    expect(fault.message).toBe('could not connect to the carrier (ECONNREFUSED); nothing was sent')
  })

  it('may speak something else than HTTP, or send more than anybody could read', async () => {
    const flood = json(201, { sid: CALL_SID, padding: 'x'.repeat(2_000_000) })
    const { carrier } = await carrierAnswering([chatter, flood])
    expect(await faultOf(carrier.placeCall(REQUEST))).toMatchObject({ code: 'CARRIER_GIBBERISH', ambiguous: true })
    expect(await faultOf(carrier.placeCall(REQUEST))).toMatchObject({ code: 'CARRIER_GIBBERISH', ambiguous: true })
  })
})

describe('hanging up', () => {
  it('completes the call, which ends it in any state', async () => {
    const { carrier, server } = await carrierAnswering([json(200, { sid: CALL_SID, status: 'completed' })])
    await carrier.hangUp(CALL_SID)
    const [asked] = server.asked
    expect(asked).toMatchObject({ method: 'POST', path: `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls/${CALL_SID}.json` })
    expect({ ...asked?.form }).toEqual({ Status: 'completed' })
  })

  it.each([
    ['is over', json(400, { code: 21220, message: 'Call is not in-progress. Cannot redirect.' })],
    ['is unknown', json(404, { code: 20404, message: 'The requested resource was not found' })],
  ])('succeeds when the call %s', async (_, reply) => {
    const { carrier } = await carrierAnswering([reply])
    await expect(carrier.hangUp(CALL_SID)).resolves.toBeUndefined()
  })

  it.each([
    ['the wrong server answers 404', text(404, '<html>Not Found</html>'), 'CARRIER_NOT_FOUND'],
    ['another server answers 200', text(200, 'OK'), 'CARRIER_GIBBERISH'],
    ['the answer is about nothing', json(200, {}), 'CARRIER_GIBBERISH'],
    ['the carrier refuses otherwise', json(400, { code: 20001, message: 'Invalid' }), 'CARRIER_REFUSED'],
  ] as const)('fails when %s, since the call may go on', async (_, reply, code) => {
    const { carrier } = await carrierAnswering([reply])
    expect(await faultOf(carrier.hangUp(CALL_SID))).toMatchObject({ code })
  })

  it('refuses what is no CallSid without asking', async () => {
    const { carrier, server } = await carrierAnswering([QUEUED])
    expect(await faultOf(carrier.hangUp('../../Messages'))).toMatchObject({ code: 'CARRIER_REFUSED' })
    expect(server.asked).toEqual([])
  })
})

describe('pointing a number', () => {
  const VOICE_URL = 'https://voice.example/twiml'
  const updated = json(200, { sid: SID, phone_number: TO, voice_url: VOICE_URL, voice_method: 'POST' })

  it('finds the number, sets its voice webhook and returns what the carrier says of it', async () => {
    const { carrier, server } = await carrierAnswering([listing(TO, '+15551234568'), updated])
    expect(await carrier.pointNumber(TO, VOICE_URL)).toEqual({ phoneNumber: TO, voiceUrl: VOICE_URL })
    const [list, update, ...more] = server.asked
    expect(more).toEqual([])
    expect(list).toMatchObject({ method: 'GET', path: `/2010-04-01/Accounts/${ACCOUNT_SID}/IncomingPhoneNumbers.json` })
    expect(list?.query['PhoneNumber']).toBe(TO)
    expect(update).toMatchObject({
      method: 'POST',
      path: `/2010-04-01/Accounts/${ACCOUNT_SID}/IncomingPhoneNumbers/${SID}.json`,
    })
    expect({ ...update?.form }).toEqual({ VoiceUrl: VOICE_URL, VoiceMethod: 'POST' })
  })

  it.each([
    ['the account has no such number', listing()],
    ['only a longer one matches', listing(`${TO}8`)],
  ])('changes nothing when %s', async (_, reply) => {
    const { carrier, server } = await carrierAnswering([reply])
    const fault = await faultOf(carrier.pointNumber(TO, VOICE_URL))
    expect(fault).toMatchObject({ code: 'CARRIER_NOT_FOUND' })
    expect(fault.message).toBe('expected a number of this account, got ...67')
    expect(server.asked).toHaveLength(1)
  })

  it.each([
    ['of numbers', [json(200, { sid: SID })], 'CARRIER_GIBBERISH'],
    ['of the update', [listing(TO), json(200, {})], 'CARRIER_GIBBERISH'],
    ['at all', [json(401, { code: 20003 })], 'CARRIER_UNAUTHORIZED'],
  ] as [string, [Reply, ...Reply[]], string][])('fails when there is no list %s', async (_, replies, code) => {
    const { carrier } = await carrierAnswering(replies)
    expect(await faultOf(carrier.pointNumber(TO, VOICE_URL))).toMatchObject({ code })
  })
})

describe('creating a carrier', () => {
  it.each([
    [{ accountSid: 'a-secret-in-the-wrong-place', authToken: 'x' }, /^expected an account sid .*, got 27 characters/],
    [{}, /^expected an auth token, or an API key and its secret, got neither$/],
    [{ authToken: '' }, /got neither$/],
    [{ authToken: 'x', apiKey: 'SK1' }, /^expected an API key and its secret, got only one of them$/],
    [{ authToken: 'x', apiUrl: 'carrier:8080' }, /^expected an http\(s\) URL .*, got "carrier:8080"$/],
    [{ authToken: 'x', apiUrl: 'not a url' }, /^expected an http\(s\) URL/],
    [{ authToken: 'x', apiUrl: 'http://carrier/?x=1' }, /^expected an http\(s\) URL/],
  ])('is refused with %j', (options, message) => {
    expect(() => createTwilioCarrier({ accountSid: ACCOUNT_SID, ...options })).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(message),
      }),
    )
  })

  it('opens no connection and needs no network', () => {
    expect(createTwilioCarrier({ accountSid: ACCOUNT_SID, authToken: 'x' })).toHaveProperty('placeCall')
  })
})

/** A clock whose timers run only when the test says so. */
function createHandClock(): Clock & { fire(delayMs: number): void; pending(): number } {
  const timers = new Map<unknown, { callback: () => void; delayMs: number }>()
  return {
    now: () => 0,
    setTimeout: (callback, delayMs) => {
      const timer = {}
      timers.set(timer, { callback, delayMs })
      return timer
    },
    clearTimeout: (timer) => void timers.delete(timer),
    fire: (delayMs) => {
      for (const timer of timers.values()) if (timer.delayMs === delayMs) timer.callback()
    },
    pending: () => timers.size,
  }
}

async function until(condition: () => boolean): Promise<void> {
  const givenUpAt = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > givenUpAt) throw new Error('it never came about')
    await setImmediate()
  }
}
