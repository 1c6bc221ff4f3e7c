import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlaceCallRequest } from '../../src/carrier.ts'
import { CALL_PATH, CALLS_PATH, carrierAnswering, faultOf } from './carrier-rig.ts'
import { json, text } from './carrier-server.ts'
import { CALL_SID } from './wire-messages.ts'

const REQUEST: PlaceCallRequest = {
  to: '+15551234567',
  from: '+15550100000',
  twiml: '<Response><Hangup/></Response>',
  statusCallbackUrl: 'https://voice.example/status',
  ringTimeoutSeconds: 30,
  timeLimitSeconds: 3600,
}
const QUEUED = json(201, { sid: CALL_SID, status: 'queued', date_created: null })
const OVER = json(400, { code: 21220, message: 'Call is not in-progress. Cannot redirect.' })

const sid = (last: number) => `CA${String(last).padStart(32, '0')}`

describe('placing a call that listens for a machine', () => {
  const callbackUrl = 'https://voice.example/detected?call=call_1'

  it.each([
    ['enable', 'Enable'],
    ['detectMessageEnd', 'DetectMessageEnd'],
  ] as const)('asks for %s without holding up the call, and for news by POST', async (mode, word) => {
    const { carrier, server } = await carrierAnswering(QUEUED)
    await carrier.placeCall({ ...REQUEST, machineDetection: { mode, callbackUrl } })
    expect(server.asked[0]?.form).toMatchObject({
      To: REQUEST.to,
      MachineDetection: word,
      AsyncAmd: 'true',
      AsyncAmdStatusCallback: callbackUrl,
      AsyncAmdStatusCallbackMethod: 'POST',
    })
    expect(server.asked[0]?.form).not.toHaveProperty('MachineDetectionTimeout')
  })

  it('may say how long to listen, in seconds', async () => {
    const { carrier, server } = await carrierAnswering(QUEUED)
    await carrier.placeCall({ ...REQUEST, machineDetection: { mode: 'enable', callbackUrl, timeoutSeconds: 12 } })
    expect(server.asked[0]?.form['MachineDetectionTimeout']).toBe('12')
  })

  it('asks for nothing of the kind unless told to', async () => {
    const { carrier, server } = await carrierAnswering(QUEUED)
    await carrier.placeCall(REQUEST)
    expect(Object.keys(server.asked[0]?.form ?? {}).filter((name) => /amd|machine/i.test(name))).toEqual([])
  })
})

describe('looking for a call', () => {
  const SINCE = Date.parse('2026-11-25T12:00:10.500Z')
  const traits = { to: REQUEST.to, from: REQUEST.from, since: SINCE }
  const listed = (last: number, created: string | null, status = 'ringing') => ({
    sid: sid(last),
    status,
    date_created: created,
    start_time: created,
  })
  const listing = (calls: object[], more: object = { next_page_uri: null }) => json(200, { calls, page: 0, ...more })
  /** As the carrier writes it. */
  const at = (epochMs: number) => new Date(epochMs).toUTCString().replace('GMT', '+0000')

  it('asks once, for the calls between the two numbers, though there may be more pages', async () => {
    const page = listing([listed(1, at(SINCE))], { next_page_uri: '/2010-04-01/next.json' })
    const { carrier, server } = await carrierAnswering(page)
    expect(await carrier.findCalls(traits)).toEqual([{ callSid: sid(1), status: 'ringing' }])
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]).toMatchObject({ method: 'GET', path: `${CALLS_PATH}.json` })
    expect({ ...server.asked[0]?.query }).toEqual({ To: REQUEST.to, From: REQUEST.from, PageSize: '20' })
  })

  it('yields those created since, newest first, and allows for clocks that differ by two seconds', async () => {
    const calls = [
      listed(1, at(SINCE + 1_000)),
      listed(2, at(SINCE - 2_500), 'completed'),
      listed(3, at(SINCE + 60_000), 'in-progress'),
      listed(4, at(SINCE - 1_500), 'busy'),
      listed(5, at(SINCE - 86_400_000), 'completed'),
    ]
    const { carrier } = await carrierAnswering(listing(calls))
    expect(await carrier.findCalls(traits)).toEqual([
      { callSid: sid(3), status: 'in-progress' },
      { callSid: sid(1), status: 'ringing' },
      { callSid: sid(4), status: 'busy' },
    ])
  })

  it('takes a queued call, which has no date yet, for the newest', async () => {
    const { carrier } = await carrierAnswering(listing([listed(1, at(SINCE)), listed(2, null, 'queued')]))
    expect(await carrier.findCalls(traits)).toEqual([
      { callSid: sid(2), status: 'queued' },
      { callSid: sid(1), status: 'ringing' },
    ])
  })

  it('yields none when there are none, and never more than twenty', async () => {
    const many = Array.from({ length: 30 }, (_, last) => listed(last, at(SINCE + last * 1_000)))
    const { carrier } = await carrierAnswering(listing([]), listing(many))
    expect(await carrier.findCalls(traits)).toEqual([])
    const found = await carrier.findCalls(traits)
    expect(found).toHaveLength(20)
    expect(found[0]?.callSid).toBe(sid(29))
  })

  it('keeps exactly the calls that are new enough, in order, however they are listed (property)', async () => {
    expect.hasAssertions()
    const ages = fc.array(fc.option(fc.integer({ min: -10, max: 10 }), { nil: null }), { maxLength: 20 })
    let calls: object[] = []
    const { carrier } = await carrierAnswering((response, request) => listing(calls)(response, request))
    await fc.assert(
      fc.asyncProperty(ages, async (seconds) => {
        const created = seconds.map((each) => (each === null ? null : Math.floor(SINCE / 1000) + each))
        calls = created.map((second, last) => listed(last, second === null ? null : at(second * 1000)))
        const found = (await carrier.findCalls(traits)).map(({ callSid }) => Number(callSid.slice(2)))
        // 12:00:10.5 less two seconds is 12:00:08.5: the first whole second of those is :09.
        const expected = created.flatMap((second, last) =>
          second === null || second * 1000 >= SINCE - 1_500 ? [last] : [],
        )
        expect(found.toSorted((a, b) => a - b)).toEqual(expected)
        const order = found.map((last) => created[last] ?? Infinity)
        expect(order).toEqual(order.toSorted((a, b) => (a === b ? 0 : b - a)))
      }),
      { numRuns: 50 },
    )
  })

  it.each([
    ['no list', json(200, { sid: CALL_SID }), 'CARRIER_GIBBERISH'],
    ['a list of something else', listing([{ sid: 'SM1', status: 'sent', date_created: null }]), 'CARRIER_GIBBERISH'],
    ['a list of nothing at all', json(200, { calls: [null] }), 'CARRIER_GIBBERISH'],
    ['a page in HTML', text(200, '<html></html>'), 'CARRIER_GIBBERISH'],
    ['a failure', text(503, ''), 'CARRIER_UNAVAILABLE'],
    ['a request for fewer requests', json(429, { code: 20429 }, { 'retry-after': '2' }), 'CARRIER_RATE_LIMITED'],
  ] as const)('fails when it is answered with %s', async (_, reply, code) => {
    const { carrier, server } = await carrierAnswering(reply)
    expect(await faultOf(carrier.findCalls(traits))).toMatchObject({ code })
    expect(server.asked).toHaveLength(1)
  })
})

describe('redirecting a call', () => {
  const TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response><Dial><Number>+15557654321</Number></Dial></Response>'

  it('gives it other TwiML, and nothing else', async () => {
    const { carrier, server } = await carrierAnswering(json(200, { sid: CALL_SID, status: 'in-progress' }))
    await expect(carrier.redirect(CALL_SID, TWIML)).resolves.toBeUndefined()
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]).toMatchObject({ method: 'POST', path: `${CALL_PATH}.json` })
    expect({ ...server.asked[0]?.form }).toEqual({ Twiml: TWIML })
  })

  it.each([
    ['the call is over', OVER, 'CARRIER_REFUSED'],
    ['the call is unknown', json(404, { code: 20404 }), 'CARRIER_NOT_FOUND'],
    ['the answer is about another call', json(200, { sid: sid(1) }), 'CARRIER_GIBBERISH'],
    ['the carrier fails', text(500, ''), 'CARRIER_UNAVAILABLE'],
  ] as const)('fails when %s', async (_, reply, code) => {
    const { carrier, server } = await carrierAnswering(reply)
    expect(await faultOf(carrier.redirect(CALL_SID, TWIML))).toMatchObject({ code })
    expect(server.asked).toHaveLength(1)
  })

  it('refuses what is no CallSid without asking', async () => {
    const { carrier, server } = await carrierAnswering(QUEUED)
    const fault = await faultOf(carrier.redirect('CA1/../../Messages', TWIML))
    expect(fault.message).toBe('expected a CallSid to redirect, got "CA1/../../Messages"')
    expect(fault.code).toBe('CARRIER_REFUSED')
    expect(server.asked).toEqual([])
  })

  it('is left when the signal aborts, with its reason', async () => {
    const { carrier, server } = await carrierAnswering(() => {})
    const controller = new AbortController()
    const reason = new Error('the caller has gone')
    const redirected = carrier.redirect(CALL_SID, TWIML, controller.signal)
    controller.abort(reason)
    await expect(redirected).rejects.toBe(reason)
    await expect(carrier.findCalls({ to: '+1', from: '+1', since: 0 }, controller.signal)).rejects.toBe(reason)
    expect(server.asked.length).toBeLessThanOrEqual(1)
  })
})
