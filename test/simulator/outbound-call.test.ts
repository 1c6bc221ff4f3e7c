import { describe, expect, it } from 'vitest'
import type { CalleeBehaviour, SimulatedCall, SimulatedCarrierOptions } from '../../src/simulator/index.ts'
import { parseFormBody } from '../../src/twilio/webhooks.ts'
import { verifyWebhook } from '../../src/twilio/signature.ts'
import { streamTwiml } from './small-server.ts'
import { onStage, OUR_NUMBER, type Stage } from './stage.ts'

const CALLEE = '+15552223333'
const ALL_EVENTS = ['initiated', 'ringing', 'answered', 'completed']

interface Order {
  readonly behaviour?: CalleeBehaviour
  readonly events?: readonly string[]
  readonly form?: Readonly<Record<string, string>>
}

/** Orders a call by REST, whose status callbacks go to the small server. */
async function order(
  { carrier, server }: Stage,
  { behaviour, events = ALL_EVENTS, form = {} }: Order = {},
): Promise<SimulatedCall> {
  if (behaviour !== undefined) carrier.callee(CALLEE, behaviour)
  const body = new URLSearchParams({
    To: CALLEE,
    From: OUR_NUMBER,
    Twiml: streamTwiml(server.origin),
    StatusCallback: `${server.origin}/status`,
    ...form,
  })
  for (const event of events) body.append('StatusCallbackEvent', event)
  const authorization = `Basic ${Buffer.from(`${carrier.accountSid}:${carrier.authToken}`).toString('base64')}`
  const url = `${carrier.url}/2010-04-01/Accounts/${carrier.accountSid}/Calls.json`
  const response = await fetch(url, { method: 'POST', body, headers: { authorization } })
  expect(response.status).toBe(201)
  const call = carrier.calls.at(-1)
  if (call === undefined) throw new Error('expected a call, got none')
  return call
}

const statusesOf = ({ server }: Stage): (string | null)[] =>
  server.of('/status').map(({ params }) => params.get('CallStatus'))
const onLine = (carrier: SimulatedCarrierOptions, story: (stage: Stage) => Promise<void>): Promise<void> =>
  onStage({ carrier }, story)

describe('an outgoing call', () => {
  it('is initiated, rings, is answered after a second, streams, and is completed', async () => {
    await onStage({}, async (stage) => {
      const { carrier, clock, server } = stage
      const call = await order(stage)
      await clock.advance(1_400)
      expect(call.status).toBe('ringing')
      await clock.advance(200)
      expect(call).toMatchObject({ status: 'in-progress', isStreaming: true })
      await clock.advance(4_000)
      await carrier.callee(CALLEE).hangsUp()
      expect(call).toMatchObject({ status: 'completed', endedBy: 'callee' })
      expect(server.ofEvent('stop')).toHaveLength(1)
      expect(statusesOf(stage)).toEqual(['initiated', 'ringing', 'in-progress', 'completed'])
      const forms = server.of('/status').map(({ params }) => parseFormBody(params.toString()))
      expect(forms.map((form) => form['SequenceNumber'])).toEqual(['0', '1', '2', '3'])
      expect(forms[3]).toMatchObject({
        CallDuration: '5',
        Duration: '1',
        CallbackSource: 'call-progress-events',
        Direction: 'outbound-api',
      })
      expect(forms[2]).not.toHaveProperty('CallDuration')
      expect(forms[0]?.['Timestamp']).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/)
      const signature = String(server.of('/status')[0]?.headers['x-twilio-signature'])
      const check = { url: `${server.origin}/status`, params: forms[0] ?? {}, signature, tokens: [carrier.authToken] }
      expect(verifyWebhook(check)).toBe(true)
    })
  })

  it('tells only what was asked for, which is the end when nothing was', async () => {
    await onStage({}, async (stage) => {
      await order(stage, { behaviour: 'busy', events: [] })
      await stage.clock.advance(1_000)
      await order(stage, { behaviour: 'busy', events: ['initiated'] })
      await stage.clock.advance(1_000)
      expect(statusesOf(stage)).toEqual(['busy', 'initiated'])
    })
  })

  it.each<[CalleeBehaviour, string, string, string[]]>([
    ['busy', 'busy', '486', ['initiated', 'busy']],
    ['failed', 'failed', '404', ['initiated', 'failed']],
    [{ outcome: 'failed', sipCode: 503 }, 'failed', '503', ['initiated', 'failed']],
    ['canceled', 'canceled', '487', ['initiated', 'ringing', 'canceled']],
    ['no-answer', 'no-answer', '487', ['initiated', 'ringing', 'no-answer']],
  ])('to somebody who is %j ends as %s', async (behaviour, status, sipCode, statuses) => {
    await onStage({}, async (stage) => {
      const call = await order(stage, { behaviour, form: { Timeout: '10' } })
      await stage.clock.advance(11_000)
      expect(call).toMatchObject({ status, answeredAt: undefined })
      expect(statusesOf(stage)).toEqual(statuses)
      const last = stage.server.of('/status').at(-1)
      expect(last?.params.get('SipResponseCode')).toBe(sipCode)
      expect(last?.params.get('CallDuration')).toBe('0')
    })
  })

  it('ends only once', async () => {
    await onStage({}, async (stage) => {
      const call = await order(stage, { behaviour: 'busy' })
      await stage.clock.advance(1_000)
      call.finish({ status: 'completed', by: 'api' })
      await stage.clock.advance(1_000)
      expect(call).toMatchObject({ status: 'busy', endedBy: 'callee' })
      expect(statusesOf(stage)).toEqual(['initiated', 'busy'])
    })
  })

  it('rings as long as its Timeout says', async () => {
    await onStage({}, async (stage) => {
      const call = await order(stage, { behaviour: 'no-answer', form: { Timeout: '20' } })
      await stage.clock.advance(20_400)
      expect(call.status).toBe('ringing')
      await stage.clock.advance(200)
      expect(call.status).toBe('no-answer')
    })
  })

  it('is ended by the carrier at its TimeLimit', async () => {
    await onStage({}, async (stage) => {
      const call = await order(stage, { form: { TimeLimit: '5' } })
      await stage.clock.advance(6_400)
      expect(call.status).toBe('in-progress')
      await stage.clock.advance(200)
      expect(call).toMatchObject({ status: 'completed', endedBy: 'carrier', durationMs: 5_000 })
    })
  })

  it('is answered by hand, at the moment the story wants', async () => {
    await onStage({}, async (stage) => {
      const callee = stage.carrier.callee(CALLEE, { answersAfterMs: Infinity })
      await order(stage)
      await stage.clock.advance(8_000)
      const call = await callee.answers()
      expect(call.status).toBe('in-progress')
      expect(stage.clock.now()).toBeLessThan(8_100)
    })
  })

  it('may be declined by the callee while it rings', async () => {
    await onStage({}, async (stage) => {
      const call = await order(stage)
      await stage.clock.advance(1_000)
      await stage.carrier.callee(CALLEE).hangsUp()
      expect(call).toMatchObject({ status: 'busy', endedBy: 'callee' })
    })
  })

  it('waits in the queue when more are ordered than the rate allows', async () => {
    await onLine({ callsPerSecond: 1 }, async (stage) => {
      const calls = [await order(stage), await order(stage), await order(stage)]
      await stage.clock.advance(1_100)
      expect(calls.map(({ status }) => status)).toEqual(['ringing', 'initiated', 'queued'])
    })
  })

  it('is up while its stream never comes, if the story wants that', async () => {
    await onStage({}, async (stage) => {
      const call = await order(stage, { behaviour: { streamNeverComes: true } })
      await stage.clock.advance(20_000)
      expect(call).toMatchObject({ status: 'in-progress', streams: [] })
    })
  })
})

describe('status callbacks', () => {
  it('can be late', async () => {
    await onLine({ callbacks: { delayMs: 3_000 } }, async (stage) => {
      await order(stage, { behaviour: 'busy' })
      await stage.clock.advance(2_900)
      expect(statusesOf(stage)).toEqual([])
      await stage.clock.advance(500)
      expect(statusesOf(stage)).toEqual(['initiated', 'busy'])
    })
  })

  it('can come twice, with the same sequence number', async () => {
    await onStage({}, async (stage) => {
      await order(stage, { behaviour: { outcome: 'busy', callbacks: { duplicate: true } } })
      await stage.clock.advance(1_000)
      const numbers = stage.server.of('/status').map(({ params }) => params.get('SequenceNumber'))
      expect(numbers).toEqual(['0', '0', '1', '1'])
    })
  })

  it('can come in reverse, or in any order', async () => {
    await onLine({ callbacks: { shuffle: 'reverse' } }, async (stage) => {
      await order(stage, { behaviour: 'no-answer', form: { Timeout: '5' } })
      await stage.clock.advance(6_000)
      expect(statusesOf(stage)).toEqual(['no-answer', 'ringing', 'initiated'])
    })
    await onLine({ callbacks: { shuffle: true }, seed: 5 }, async (stage) => {
      await order(stage, { behaviour: 'canceled' })
      await stage.clock.advance(5_000)
      expect(new Set(statusesOf(stage))).toEqual(new Set(['canceled', 'initiated', 'ringing']))
      expect(statusesOf(stage)).not.toEqual(['initiated', 'ringing', 'canceled'])
    })
  })

  it('that nobody takes are noted as 11200, and the call goes on', async () => {
    await onStage({ server: { answer: () => 500 } }, async (stage) => {
      const call = await order(stage, { events: ['initiated'] })
      await stage.clock.advance(2_000)
      expect(stage.carrier.warnings.map(({ code }) => code)).toEqual([11200])
      expect(call.status).toBe('in-progress')
    })
  })
})
