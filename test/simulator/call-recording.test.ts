import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { RecordingFaults, SimulatedCall } from '../../src/simulator/index.ts'
import { verifyWebhook } from '../../src/twilio/signature.ts'
import { type FormParams, parseFormBody } from '../../src/twilio/webhooks.ts'
import { ask, type Asked } from './asking.ts'
import { type Answer, streamTwiml, type Told } from './small-server.ts'
import { onStage, OUR_NUMBER, type Stage } from './stage.ts'

const NOT_ELIGIBLE = 'Requested resource is not eligible for recording'
const ALL_EVENTS = { RecordingStatusCallbackEvent: 'in-progress completed absent' }
const hearing = (recorded: Answer = 204) => ({
  server: {
    answer: ({ path }: Told, origin: string): Answer => (path === '/recorded' ? recorded : streamTwiml(origin)),
  },
})

/** A call that is up, with what shall become of its recordings. */
async function callOf({ carrier, clock, caller, server }: Stage, recordings: RecordingFaults = {}) {
  const call = await caller.dials(OUR_NUMBER, { voiceUrl: server.voiceUrl, recordings })
  await clock.advance(50)
  expect(carrier.calls).toContain(call)
  return call
}

function start({ carrier, server }: Stage, call: SimulatedCall, form: Record<string, string> = {}): Promise<Asked> {
  const callback = { RecordingStatusCallback: `${server.origin}/recorded` }
  return ask(carrier, `Calls/${call.sid}/Recordings.json`, { ...callback, ...form })
}

const change = ({ carrier }: Stage, call: SimulatedCall, sid: unknown, form: Record<string, string>): Promise<Asked> =>
  ask(carrier, `Calls/${call.sid}/Recordings/${String(sid)}.json`, form)

const newsOf = ({ server }: Stage): FormParams[] =>
  server.of('/recorded').map(({ params }) => parseFormBody(params.toString()))
const statusesOf = (stage: Stage): unknown[] => newsOf(stage).map((form) => form['RecordingStatus'])

describe('a recording', () => {
  it('is started by REST, and the server is told when it is there, after the end of the call', async () => {
    await onStage(hearing(), async (stage) => {
      const { carrier, clock, caller, server } = stage
      const call = await callOf(stage)
      const { status, body } = await start(stage, call, { ...ALL_EVENTS, RecordingChannels: 'dual' })
      expect(status).toBe(201)
      expect(body).toMatchObject({
        sid: expect.stringMatching(/^RE[0-9a-f]{32}$/),
        call_sid: call.sid,
        account_sid: carrier.accountSid,
        status: 'in-progress',
        channels: 2,
        source: 'StartCallRecordingAPI',
        duration: null,
        error_code: null,
      })
      await clock.advance(9_000)
      expect(statusesOf(stage)).toEqual(['in-progress'])
      await caller.hangsUp()
      await clock.advance(900)
      expect(statusesOf(stage)).toEqual(['in-progress'])
      await clock.advance(200)
      expect(statusesOf(stage)).toEqual(['in-progress', 'completed'])
      const [began, completed = {}] = newsOf(stage)
      expect(completed).toEqual({
        AccountSid: carrier.accountSid,
        CallSid: call.sid,
        RecordingSid: body['sid'],
        RecordingUrl: `${carrier.url}/2010-04-01/Accounts/${carrier.accountSid}/Recordings/${String(body['sid'])}`,
        RecordingStatus: 'completed',
        RecordingDuration: '9',
        RecordingChannels: '2',
        RecordingSource: 'StartCallRecordingAPI',
        RecordingTrack: 'both',
        RecordingStartTime: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/),
        ErrorCode: '0',
      })
      expect(began).not.toHaveProperty('RecordingDuration')
      const signature = String(server.of('/recorded')[1]?.headers['x-twilio-signature'])
      const url = `${server.origin}/recorded`
      expect(verifyWebhook({ url, params: completed, signature, tokens: [carrier.authToken] })).toBe(true)
      expect(call.recordings).toMatchObject([{ sid: body['sid'], status: 'completed', channels: 'dual' }])
    })
  })

  it('tells of its completion alone, in one channel, when nothing else was asked for', async () => {
    await onStage(hearing(), async (stage) => {
      const call = await callOf(stage)
      await start(stage, call)
      await stage.clock.advance(3_000)
      await stage.caller.hangsUp()
      await stage.clock.advance(2_000)
      expect(newsOf(stage)).toMatchObject([{ RecordingStatus: 'completed', RecordingChannels: '1' }])
    })
  })

  it('goes on while the call is given other instructions, and without anybody to be told', async () => {
    await onStage(hearing(), async (stage) => {
      const { carrier, clock } = stage
      const call = await callOf(stage)
      await start(stage, call, { RecordingStatusCallback: '' })
      await clock.advance(2_000)
      await ask(carrier, `Calls/${call.sid}.json`, { Twiml: '<Response><Pause length="3"/></Response>' })
      await clock.advance(2_000)
      expect(call.recordings[0]?.status).toBe('in-progress')
      await clock.advance(3_000)
      expect(call.recordings[0]).toMatchObject({ status: 'completed', durationMs: 5_000 })
      expect(newsOf(stage)).toEqual([])
    })
  })

  it.each([
    ['skip', 4],
    ['silence', 10],
  ])('may pause, which with %s makes it %i s long', async (PauseBehavior, seconds) => {
    await onStage(hearing(), async (stage) => {
      const { clock } = stage
      const call = await callOf(stage)
      const { sid } = (await start(stage, call)).body
      await clock.advance(2_000)
      expect((await change(stage, call, sid, { Status: 'paused', PauseBehavior })).body['status']).toBe('paused')
      await clock.advance(6_000)
      expect(call.recordings[0]?.status).toBe('paused')
      expect((await change(stage, call, 'Twilio.CURRENT', { Status: 'in-progress' })).body).toMatchObject({
        sid,
        status: 'in-progress',
      })
      await clock.advance(2_000)
      expect((await change(stage, call, sid, { Status: 'stopped' })).body).toMatchObject({
        status: 'stopped',
        duration: String(seconds),
      })
      await clock.advance(1_100)
      expect(newsOf(stage)).toMatchObject([{ RecordingStatus: 'completed', RecordingDuration: String(seconds) }])
      expect(call.status).toBe('in-progress')
    })
  })

  it('is not any longer for being paused or resumed twice, or for ending in a pause', async () => {
    await onStage(hearing(), async (stage) => {
      const { clock, caller } = stage
      const call = await callOf(stage)
      const { sid } = (await start(stage, call)).body
      for (const Status of ['paused', 'paused', 'in-progress', 'in-progress', 'paused']) {
        await clock.advance(1_000)
        expect((await change(stage, call, sid, { Status, PauseBehavior: 'skip' })).status).toBe(200)
      }
      await clock.advance(5_000)
      await caller.hangsUp()
      await clock.advance(1_100)
      expect(newsOf(stage)).toMatchObject([{ RecordingStatus: 'completed', RecordingDuration: '3' }])
    })
  })

  it('may follow another one, but not beside it', async () => {
    await onStage(hearing(), async (stage) => {
      const call = await callOf(stage)
      const { sid } = (await start(stage, call)).body
      const second = await start(stage, call)
      expect({ ...second.body }).toMatchObject({ status: 400, code: 21220 })
      expect(second.body['message']).toBe(`${NOT_ELIGIBLE}: it is being recorded already`)
      await change(stage, call, sid, { Status: 'stopped' })
      expect((await start(stage, call)).status).toBe(201)
      expect(call.recordings).toHaveLength(2)
    })
  })

  it('is one of any number of a call, none of which waits for its end once it is stopped', async () => {
    await onStage(hearing(), async (stage) => {
      const call = await callOf(stage)
      const waiting = (): number => getEventListeners(call.over, 'abort').length
      const before = waiting()
      for (let count = 0; count < 20; count++) {
        await start(stage, call)
        expect(waiting()).toBe(before + 1)
        await change(stage, call, 'Twilio.CURRENT', { Status: 'stopped' })
      }
      expect(waiting()).toBe(before)
    })
  })

  it('is only of a call in progress', async () => {
    await onStage(hearing(), async (stage) => {
      const { carrier, clock, caller, server } = stage
      const created = await ask(carrier, 'Calls.json', { To: '+15552223333', From: OUR_NUMBER, Url: server.voiceUrl })
      expect(created.status).toBe(201)
      const [ringing] = carrier.calls
      if (ringing === undefined) throw new Error('expected a call, got none')
      const early = await start(stage, ringing)
      expect(early.body).toMatchObject({ code: 21220, message: `${NOT_ELIGIBLE}: the call is queued` })
      const call = await callOf(stage)
      const { sid } = (await start(stage, call)).body
      await caller.hangsUp()
      await clock.advance(10)
      const late = await start(stage, call)
      expect(late.body).toMatchObject({ status: 400, code: 21220, message: `${NOT_ELIGIBLE}: the call is completed` })
      const changed = await change(stage, call, sid, { Status: 'stopped' })
      expect(changed.body).toMatchObject({ status: 400, code: 21220 })
    })
  })

  it.each([
    [{ RecordingChannels: 'stereo' }, 'expected RecordingChannels mono or dual, got stereo'],
    [{ RecordingTrack: 'none' }, 'expected RecordingTrack both or inbound or outbound, got none'],
    [{ Trim: 'yes' }, 'expected Trim do-not-trim or trim-silence, got yes'],
    [{ RecordingStatusCallbackMethod: 'PUT' }, 'expected RecordingStatusCallbackMethod GET or POST, got PUT'],
  ])('cannot be asked for with %j', async (form, complaint) => {
    await onStage(hearing(), async (stage) => {
      const call = await callOf(stage)
      const { body } = await start(stage, call, form)
      expect(body).toMatchObject({ status: 400, code: 21218, message: expect.stringContaining(complaint) })
      expect(call.recordings).toEqual([])
    })
  })

  it.each([{}, { Status: 'completed' }, { Status: 'paused', PauseBehavior: 'beep' }])(
    'cannot be changed with %j',
    async (form) => {
      await onStage(hearing(), async (stage) => {
        const call = await callOf(stage)
        const { sid } = (await start(stage, call)).body
        const { body } = await change(stage, call, sid, form)
        expect(body).toMatchObject({ status: 400, code: 21218 })
        expect(call.recordings[0]?.status).toBe('in-progress')
      })
    },
  )

  it('is listed with its call and with the account, and fetched by its SID; 20404 for one that is not there', async () => {
    await onStage(hearing(), async (stage) => {
      const { carrier } = stage
      const call = await callOf(stage)
      const first = (await start(stage, call)).body['sid']
      await change(stage, call, 'Twilio.CURRENT', { Status: 'stopped' })
      const second = (await start(stage, call)).body['sid']
      const listed = [{ sid: second }, { sid: first }]
      expect((await ask(carrier, `Calls/${call.sid}/Recordings.json`)).body['recordings']).toMatchObject(listed)
      expect((await ask(carrier, 'Recordings.json?PageSize=1')).body).toMatchObject({
        recordings: [{ sid: second }],
        next_page_uri: expect.stringContaining('Page=1'),
      })
      expect((await ask(carrier, `Recordings/${String(first)}.json`)).body['sid']).toBe(first)
      expect((await ask(carrier, `Calls/${call.sid}/Recordings/${String(first)}.json`)).body['sid']).toBe(first)
      await change(stage, call, 'Twilio.CURRENT', { Status: 'stopped' })
      const missing = ['Recordings/RE0.json', `Calls/${call.sid}/Recordings/RE0.json`, 'Calls/CA0/Recordings.json']
      for (const path of [...missing, `Calls/${call.sid}/Recordings/Twilio.CURRENT.json`]) {
        expect((await ask(carrier, path)).body).toMatchObject({ status: 404, code: 20404 })
      }
      expect((await ask(carrier, 'Recordings.json', {})).body).toMatchObject({ status: 404, code: 20404 })
    })
  })
})

describe('the trouble with recordings', () => {
  it('is that they are too short', async () => {
    await onStage(hearing(), async (stage) => {
      const call = await callOf(stage)
      await start(stage, call, ALL_EVENTS)
      await stage.clock.advance(500)
      await change(stage, call, 'Twilio.CURRENT', { Status: 'stopped' })
      await stage.clock.advance(1_100)
      expect(statusesOf(stage)).toEqual(['in-progress', 'absent'])
      expect(newsOf(stage)[1]).toMatchObject({ ErrorCode: '16101' })
      const { body } = await ask(stage.carrier, `Calls/${call.sid}/Recordings.json`)
      expect(body['recordings']).toMatchObject([{ status: 'absent', error_code: 16101 }])
    })
  })

  it.each([
    ['absent', '16102'],
    ['failed', '0'],
  ] as const)('is that they are %s', async (outcome, ErrorCode) => {
    await onStage(hearing(), async (stage) => {
      const call = await callOf(stage, { outcome })
      await start(stage, call, ALL_EVENTS)
      await stage.clock.advance(5_000)
      await stage.caller.hangsUp()
      await stage.clock.advance(1_100)
      expect(newsOf(stage)[1]).toMatchObject({ RecordingStatus: outcome, ErrorCode, RecordingDuration: '5' })
    })
  })

  it('is that they take long, and that the news of them comes late, twice or never', async () => {
    const slow = { processingMs: 60_000, callbacks: { duplicate: true } }
    await onStage(hearing(), async (stage) => {
      await start(stage, await callOf(stage, slow))
      await stage.clock.advance(5_000)
      await stage.caller.hangsUp()
      await stage.clock.advance(59_000)
      expect(statusesOf(stage)).toEqual([])
      await stage.clock.advance(2_000)
      expect(statusesOf(stage)).toEqual(['completed', 'completed'])
    })
    await onStage(hearing(), async (stage) => {
      await start(stage, await callOf(stage, { callbacks: { never: true } }), ALL_EVENTS)
      await stage.clock.advance(5_000)
      await stage.caller.hangsUp()
      await stage.clock.advance(60_000)
      expect(statusesOf(stage)).toEqual([])
    })
  })

  it('is that nobody takes the news, which leaves a warning', async () => {
    await onStage(hearing(500), async (stage) => {
      await start(stage, await callOf(stage), ALL_EVENTS)
      await stage.clock.advance(10)
      expect(stage.carrier.warnings.map(({ code }) => code)).toEqual([11200])
    })
  })
})
