import { describe, expect, it } from 'vitest'
import type { CalleeBehaviour, SimulatedCall } from '../../src/simulator/index.ts'
import { verifyWebhook } from '../../src/twilio/signature.ts'
import { parseFormBody, type FormParams } from '../../src/twilio/webhooks.ts'
import { ask } from './asking.ts'
import type { Answer, Told } from './small-server.ts'
import { CALLER, onStage, OUR_NUMBER, type Stage } from './stage.ts'

const OTHER = '+15553334444'
const SIP = 'sip:agent@example.com'
const NUMBER = `<Number>${OTHER}</Number>`
const NEWS = 'statusCallback="/news" statusCallbackEvent="initiated ringing answered completed"'

/** A server that has its callers dial somebody, and goes on with `after` when it is asked for it. */
const dialling = (dial: string, after: Answer = '<Response><Pause length="60"/></Response>') => ({
  server: {
    answer: ({ path }: Told): Answer => {
      if (path === '/news') return 204
      return path === '/after' ? after : `<Response>${dial}</Response>`
    },
  },
})
const withAction = (noun: string, attributes = ''): string => `<Dial action="/after" ${attributes}>${noun}</Dial>`
const formsOf = ({ server }: Stage, path: string): FormParams[] =>
  server.of(path).map(({ params }) => parseFormBody(params.toString()))
const codesOf = ({ carrier }: Stage): number[] => carrier.warnings.map(({ code }) => code)

/** The leg that was dialled. */
function childOf({ carrier }: Stage): SimulatedCall {
  const child = carrier.calls.find(({ direction }) => direction === 'outbound-dial')
  if (child === undefined) throw new Error('expected a call to have been dialled, got none')
  return child
}

describe('a call that dials another one', () => {
  it('rings it as a leg of its own, with the caller as its caller id, and talks until one hangs up', async () => {
    await onStage(dialling(withAction(NUMBER)), async (stage) => {
      const { carrier, clock, dial } = stage
      const call = await dial()
      await clock.advance(1_000)
      const child = childOf(stage)
      expect(child).toMatchObject({ direction: 'outbound-dial', from: CALLER, to: OTHER, status: 'ringing' })
      expect(child.parentSid).toBe(call.sid)
      expect(call).toMatchObject({ status: 'in-progress', isBridged: false })
      await clock.advance(1_000)
      expect(child).toMatchObject({ status: 'in-progress', isBridged: true })
      expect(call.isBridged).toBe(true)
      await clock.advance(6_700)
      await carrier.callee(OTHER).hangsUp()
      await clock.advance(10)
      expect(child).toMatchObject({ status: 'completed', endedBy: 'callee' })
      expect(call).toMatchObject({ status: 'in-progress', isBridged: false })
    })
  })

  it('asks the action how to go on, with the usual fields and those of the dialled leg', async () => {
    await onStage(dialling(withAction(NUMBER)), async (stage) => {
      const { carrier, clock, server, dial } = stage
      const call = await dial()
      await carrier.callee(OTHER).answers()
      await clock.advance(6_700)
      await carrier.callee(OTHER).hangsUp()
      await clock.advance(10)
      const [form = {}] = formsOf(stage, '/after')
      expect(form).toMatchObject({
        CallSid: call.sid,
        CallStatus: 'in-progress',
        Direction: 'inbound',
        From: CALLER,
        To: OUR_NUMBER,
        DialCallStatus: 'completed',
        DialCallSid: childOf(stage).sid,
        DialCallDuration: '7',
        DialBridged: 'true',
      })
      const signature = String(server.of('/after')[0]?.headers['x-twilio-signature'])
      const check = { url: `${server.origin}/after`, params: form, signature, tokens: [carrier.authToken] }
      expect(verifyWebhook(check)).toBe(true)
    })
  })

  it.each<[CalleeBehaviour, string]>([
    ['busy', 'busy'],
    ['failed', 'failed'],
    ['no-answer', 'no-answer'],
    ['canceled', 'canceled'],
    [{ answersAfterMs: Infinity }, 'no-answer'],
    [{ answersAfterMs: 12_000 }, 'no-answer'],
  ])('finds somebody who is %j, and the action is told %s', async (behaviour, status) => {
    await onStage(dialling(withAction(NUMBER, 'timeout="10"')), async (stage) => {
      stage.carrier.callee(OTHER, behaviour)
      const call = await stage.dial()
      await stage.clock.advance(11_000)
      const [form = {}] = formsOf(stage, '/after')
      expect(form).toMatchObject({ DialCallStatus: status, DialBridged: 'false', DialCallSid: childOf(stage).sid })
      expect(form).not.toHaveProperty('DialCallDuration')
      expect(call).toMatchObject({ status: 'in-progress', answeredAt: expect.any(Number) })
    })
  })

  it.each([
    ['timeout="20"', 20_000],
    ['', 30_000],
    ['timeout="soon"', 30_000],
  ])('lets it ring as long as %j says', async (attributes, ms) => {
    await onStage(dialling(withAction(NUMBER, attributes)), async (stage) => {
      stage.carrier.callee(OTHER, { answersAfterMs: Infinity })
      await stage.dial()
      await stage.clock.advance(ms + 300)
      expect(childOf(stage).status).toBe('ringing')
      await stage.clock.advance(400)
      expect(childOf(stage)).toMatchObject({ status: 'no-answer', endedBy: 'carrier' })
    })
  })

  it('is parted at the time limit', async () => {
    await onStage(dialling(withAction(NUMBER, 'timeLimit="5"')), async (stage) => {
      const call = await stage.dial()
      await stage.carrier.callee(OTHER).answers()
      await stage.clock.advance(4_900)
      expect(call.isBridged).toBe(true)
      await stage.clock.advance(200)
      expect(childOf(stage)).toMatchObject({ status: 'completed', endedBy: 'carrier', durationMs: 5_000 })
      expect(formsOf(stage, '/after')[0]).toMatchObject({ DialCallStatus: 'completed', DialCallDuration: '5' })
    })
  })

  it.each(['busy', 'answers'] as const)('goes on with the next verb when there is no action: %s', async (outcome) => {
    const verbs = `<Dial timeLimit="3">${OTHER}</Dial><Pause length="7"/><Hangup/>`
    await onStage(dialling(verbs), async (stage) => {
      stage.carrier.callee(OTHER, outcome)
      const call = await stage.dial()
      await stage.clock.advance(6_900)
      expect(call.status).toBe('in-progress')
      await stage.clock.advance(5_000)
      expect(call).toMatchObject({ status: 'completed', endedBy: 'twiml' })
      expect(stage.server.told.map(({ path }) => path)).toEqual(['/twiml'])
    })
  })

  it('shows the caller id that was asked for', async () => {
    await onStage(dialling(withAction(NUMBER, `callerId="${OUR_NUMBER}"`)), async (stage) => {
      await stage.dial()
      expect(childOf(stage).from).toBe(OUR_NUMBER)
    })
  })

  it('reaches a SIP address, whatever parameters and headers it has', async () => {
    const dial = withAction(`<Sip ${NEWS}>${SIP};transport=tls?x-id=7</Sip>`)
    await onStage(dialling(dial), async (stage) => {
      const agent = stage.carrier.callee(SIP, { answersAfterMs: Infinity })
      const call = await stage.dial()
      const child = await agent.answers()
      expect(child).toMatchObject({ to: `${SIP};transport=tls?x-id=7`, parentSid: call.sid, isBridged: true })
      await agent.hangsUp()
      await stage.clock.advance(10)
      expect(formsOf(stage, '/after')[0]).toMatchObject({ DialCallStatus: 'completed' })
    })
  })

  it('is answered by hand, at the moment the story wants, or declined', async () => {
    await onStage(dialling(withAction(NUMBER)), async (stage) => {
      const callee = stage.carrier.callee(OTHER, { answersAfterMs: Infinity })
      const call = await stage.dial()
      await stage.clock.advance(8_000)
      const child = await callee.answers()
      expect(child.parentSid).toBe(call.sid)
      expect(stage.clock.now()).toBeLessThan(8_200)
    })
    await onStage(dialling(withAction(NUMBER)), async (stage) => {
      const callee = stage.carrier.callee(OTHER, { answersAfterMs: Infinity })
      await stage.dial()
      await stage.clock.advance(2_000)
      await callee.hangsUp()
      await stage.clock.advance(10)
      expect(formsOf(stage, '/after')[0]).toMatchObject({ DialCallStatus: 'busy' })
    })
  })

  it('keeps its own caller ringing until it is answered, if the bridge shall answer', async () => {
    await onStage(dialling(withAction(NUMBER, 'answerOnBridge="true"')), async (stage) => {
      const call = await stage.dial()
      await stage.clock.advance(500)
      expect(call).toMatchObject({ status: 'ringing', answeredAt: undefined })
      const child = await stage.carrier.callee(OTHER).answers()
      expect(call).toMatchObject({ status: 'in-progress', answeredAt: child.answeredAt })
    })
  })

  it.each([
    ['<Number>555-1234</Number>', 13224],
    ['<Sip>agent</Sip>', 13224],
  ])('notes that %s cannot be dialled, and goes on as after a failure', async (noun, code) => {
    await onStage(dialling(withAction(noun)), async (stage) => {
      await stage.dial()
      expect(codesOf(stage)).toEqual([code])
      expect(formsOf(stage, '/after')[0]).toMatchObject({ DialCallStatus: 'failed' })
      expect(stage.carrier.calls).toHaveLength(1)
    })
  })

  it('notes a caller id that a telephone number cannot be shown', async () => {
    await onStage(dialling(withAction(NUMBER, 'callerId="client:me"')), async (stage) => {
      await stage.dial()
      expect(codesOf(stage)).toEqual([13214])
      expect(formsOf(stage, '/after')[0]).toMatchObject({ DialCallStatus: 'failed' })
    })
  })

  it.each([`${NUMBER}${NUMBER}`, '<Conference>room</Conference>', ''])('does not know %j', async (noun) => {
    await onStage(dialling(withAction(noun)), async (stage) => {
      await stage.dial()
      expect(codesOf(stage)).toEqual([12200])
    })
  })
})

describe('a dialled leg', () => {
  it('has status callbacks of its own, which name the leg that dialled it', async () => {
    await onStage(dialling(withAction(`<Number ${NEWS}>${OTHER}</Number>`)), async (stage) => {
      const { carrier, clock, server } = stage
      const call = await stage.dial()
      const child = await carrier.callee(OTHER).answers()
      await clock.advance(2_900)
      await carrier.callee(OTHER).hangsUp()
      const forms = formsOf(stage, '/news')
      const statuses = ['initiated', 'ringing', 'in-progress', 'completed']
      expect(forms.map((form) => form['CallStatus'])).toEqual(statuses)
      for (const form of forms) {
        expect(form).toMatchObject({ CallSid: child.sid, ParentCallSid: call.sid, Direction: 'outbound-dial' })
      }
      expect(forms[3]).toMatchObject({ SequenceNumber: '3', CallDuration: '3' })
      const signature = String(server.of('/news')[0]?.headers['x-twilio-signature'])
      const url = `${server.origin}/news`
      expect(verifyWebhook({ url, params: forms[0] ?? {}, signature, tokens: [carrier.authToken] })).toBe(true)
    })
  })

  it('tells of its end alone when nothing else was asked for, and by the plan of its callee', async () => {
    const noun = `<Number statusCallback="/news" statusCallbackMethod="GET">${OTHER}</Number>`
    await onStage(dialling(withAction(noun)), async (stage) => {
      stage.carrier.callee(OTHER, { outcome: 'busy', callbacks: { duplicate: true } })
      await stage.dial()
      await stage.clock.advance(1_000)
      const told = stage.server.told.filter(({ path }) => path.startsWith('/news?'))
      expect(told.map(({ path }) => new URLSearchParams(path.slice(6)).get('CallStatus'))).toEqual(['busy', 'busy'])
    })
  })

  it('is listed by REST with its parent, and can be ended there', async () => {
    await onStage(dialling(withAction(NUMBER)), async (stage) => {
      const { carrier, clock, dial } = stage
      carrier.callee(OTHER, { answersAfterMs: Infinity })
      const call = await dial()
      await clock.advance(1_000)
      const { body } = await ask(carrier, `Calls.json?ParentCallSid=${call.sid}`)
      const child = childOf(stage)
      expect(body['calls']).toMatchObject([
        { sid: child.sid, parent_call_sid: call.sid, direction: 'outbound-dial', status: 'ringing' },
      ])
      await ask(carrier, `Calls/${child.sid}.json`, { Status: 'canceled' })
      await clock.advance(10)
      expect(formsOf(stage, '/after')[0]).toMatchObject({ DialCallStatus: 'canceled', CallStatus: 'in-progress' })
    })
  })
})

describe('a caller who hangs up', () => {
  it('while it rings cancels the dialled leg, and the action is told of both', async () => {
    await onStage(dialling(withAction(`<Number ${NEWS}>${OTHER}</Number>`)), async (stage) => {
      const { clock, caller, dial } = stage
      const call = await dial()
      await clock.advance(1_000)
      await caller.hangsUp()
      await clock.advance(10)
      expect(childOf(stage)).toMatchObject({ status: 'canceled', endedBy: 'caller' })
      expect(formsOf(stage, '/news').map((form) => form['CallStatus'])).toEqual(['initiated', 'ringing', 'canceled'])
      expect(formsOf(stage, '/after')).toMatchObject([{ CallStatus: 'completed', DialCallStatus: 'canceled' }])
      expect(call).toMatchObject({ status: 'completed', endedBy: 'caller' })
    })
  })

  it('in the middle of the talk completes it, and the action is told, whose answer is of no use', async () => {
    await onStage(dialling(withAction(NUMBER)), async (stage) => {
      const { carrier, clock, caller, dial } = stage
      await dial()
      await carrier.callee(OTHER).answers()
      await clock.advance(3_900)
      await caller.hangsUp()
      await clock.advance(10)
      expect(await carrier.callee(OTHER).isHungUpOn()).toMatchObject({ status: 'completed', endedBy: 'caller' })
      expect(formsOf(stage, '/after')).toMatchObject([
        { CallStatus: 'completed', DialCallStatus: 'completed', DialCallDuration: '4', DialBridged: 'true' },
      ])
      expect(carrier.warnings).toEqual([])
    })
  })

  it('leaves a warning when the action cannot be told', async () => {
    await onStage(dialling(withAction(NUMBER), 500), async (stage) => {
      await stage.dial()
      await stage.caller.hangsUp()
      await stage.clock.advance(10)
      expect(codesOf(stage)).toEqual([11200])
    })
  })
})
