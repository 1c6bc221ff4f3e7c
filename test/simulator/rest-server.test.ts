import { describe, expect, it } from 'vitest'
import { ask, type Asked } from './asking.ts'
import { onStage, OUR_NUMBER, type Stage } from './stage.ts'

const CALLEE = '+15552223333'
const HANG_UP = '<Response><Hangup/></Response>'
const PAUSE = '<Response><Pause length="60"/></Response>'

const create = ({ carrier }: Stage, form: Record<string, string> = {}): Promise<Asked> =>
  ask(carrier, 'Calls.json', { To: CALLEE, From: OUR_NUMBER, Twiml: PAUSE, ...form })
const sidOf = (asked: Asked): string => String(asked.body['sid'])
const sidsOf = ({ body }: Asked): unknown[] => {
  const { calls } = body
  return Array.isArray(calls) ? calls.map((call: Record<string, unknown>) => call['sid']) : []
}

describe('creating calls', () => {
  it('answers 201 with a queued call that has no dates yet', async () => {
    await onStage({}, async (stage) => {
      const { status, body } = await create(stage)
      expect(status).toBe(201)
      expect(body).toMatchObject({
        account_sid: stage.carrier.accountSid,
        status: 'queued',
        to: CALLEE,
        from: OUR_NUMBER,
        direction: 'outbound-api',
        date_created: null,
        start_time: null,
        duration: null,
        uri: `/2010-04-01/Accounts/${stage.carrier.accountSid}/Calls/${String(body['sid'])}.json`,
      })
      expect(body['sid']).toMatch(/^CA[0-9a-f]{32}$/)
    })
  })

  it.each([
    [{ To: '' }, 21201],
    [{ To: '5551234' }, 21211],
    [{ To: '+1555123456789012' }, 21211],
    [{ To: '+15005550001' }, 21217],
    [{ To: '+15005550002' }, 21214],
    [{ To: '+15005550003' }, 21215],
    [{ To: '+15005550004' }, 21216],
    [{ From: '' }, 21213],
    [{ From: 'me' }, 21212],
    [{ From: '+15005550001' }, 21212],
    [{ Twiml: 'x'.repeat(4_001) }, 21218],
    [{ Timeout: '601' }, 21218],
  ])('refuses %j', async (form, code) => {
    await onStage({}, async (stage) => {
      const { status, body } = await create(stage, form)
      expect({ status, ...body }).toMatchObject({
        status: 400,
        code,
        more_info: `https://www.twilio.com/docs/errors/${code}`,
      })
      expect(stage.carrier.calls).toEqual([])
    })
  })

  it('refuses a call without instructions', async () => {
    await onStage({}, async ({ carrier }) => {
      expect((await ask(carrier, 'Calls.json', { To: CALLEE, From: OUR_NUMBER })).body['code']).toBe(21205)
    })
  })

  it('refuses a caller id that is no number of the account, if asked to', async () => {
    await onStage({ carrier: { ownNumbersOnly: true } }, async (stage) => {
      expect((await create(stage)).body['code']).toBe(21210)
      expect((await create(stage, { From: '+15005550006' })).status).toBe(201)
      stage.carrier.number(OUR_NUMBER)
      expect((await create(stage)).status).toBe(201)
    })
  })

  it('prefers Url to Twiml', async () => {
    await onStage({}, async (stage) => {
      await create(stage, { Url: stage.server.voiceUrl })
      await stage.clock.advance(3_000)
      expect(stage.server.of('/twiml')[0]?.params.get('Direction')).toBe('outbound-api')
    })
  })
})

describe('credentials', () => {
  it('are the account and its token, or an API key', async () => {
    await onStage({ carrier: { apiKey: { sid: 'SK1', secret: 's' } } }, async ({ carrier }) => {
      expect((await ask(carrier, 'Calls.json')).status).toBe(200)
      expect((await ask(carrier, 'Calls.json', undefined, 'SK1:s')).status).toBe(200)
      for (const wrong of [`${carrier.accountSid}:x`, 'SK1:x', 'SK2:s', 'nonsense']) {
        const { status, body } = await ask(carrier, 'Calls.json', undefined, wrong)
        expect({ status, ...body }).toMatchObject({ status: 401, code: 20003, message: 'Authenticate' })
      }
    })
  })

  it('never get into the log of requests', async () => {
    await onStage({}, async (stage) => {
      await create(stage, { Twiml: HANG_UP })
      const { requests } = stage.carrier.rest
      expect(requests).toMatchObject([
        { method: 'POST', operation: 'create', params: { To: CALLEE, Twiml: HANG_UP }, status: 201 },
      ])
      expect(JSON.stringify(requests)).not.toContain(stage.carrier.authToken)
    })
  })
})

describe('fetching and listing', () => {
  it('shows a call as it gets on, with dates of RFC 2822', async () => {
    await onStage({}, async (stage) => {
      const { carrier, clock } = stage
      const sid = sidOf(await create(stage))
      await clock.advance(100)
      expect(carrier.calls[0]?.status).toBe('initiated')
      expect((await ask(carrier, `Calls/${sid}.json`)).body['status']).toBe('queued')
      await clock.advance(2_900)
      expect((await ask(carrier, `Calls/${sid}.json`)).body).toMatchObject({ status: 'in-progress', end_time: null })
      carrier.calls[0]?.finish({ status: 'completed', by: 'callee' })
      const { body } = await ask(carrier, `Calls/${sid}.json`)
      expect(body).toMatchObject({ status: 'completed', duration: '2' })
      expect(body['start_time']).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/)
      expect(new Date(String(body['end_time'])).getTime()).toBeGreaterThan(0)
    })
  })

  it('answers 404 with 20404 for what it does not know', async () => {
    await onStage({}, async ({ carrier }) => {
      for (const path of ['Calls/CA0.json', 'IncomingPhoneNumbers/PN0.json', 'Messages.json']) {
        const { status, body } = await ask(carrier, path)
        expect({ status, ...body }).toMatchObject({ status: 404, code: 20404 })
      }
    })
  })

  it('lists by To, From, Status and StartTime, the latest first', async () => {
    await onStage({}, async (stage) => {
      const { carrier, clock } = stage
      const first = sidOf(await create(stage))
      await clock.advance(2_000)
      const second = sidOf(await create(stage, { To: '+15552220000', From: '+15550100001' }))
      const list = async (query: string): Promise<unknown[]> => sidsOf(await ask(carrier, `Calls.json?${query}`))
      expect(await list('')).toEqual([second, first])
      expect(await list(`To=${encodeURIComponent(CALLEE)}`)).toEqual([first])
      expect(await list(`From=${encodeURIComponent('+15550100001')}`)).toEqual([second])
      expect(await list('Status=in-progress')).toEqual([first])
      expect(await list('Status=busy')).toEqual([])
      const today = new Date().toISOString().slice(0, 10)
      expect(await list(`StartTime=${today}`)).toEqual([second, first])
      expect(await list(`StartTime%3E=${new Date(Date.now() + 86_400_000).toISOString()}`)).toEqual([])
      expect(await list(`StartTime%3C=${new Date(Date.now() + 86_400_000).toISOString()}`)).toEqual([second, first])
    })
  })

  it('lists in pages', async () => {
    await onStage({}, async (stage) => {
      const sids: string[] = []
      for (let call = 0; call < 3; call++) sids.unshift(sidOf(await create(stage)))
      const first = await ask(stage.carrier, 'Calls.json?PageSize=2')
      expect(sidsOf(first)).toEqual(sids.slice(0, 2))
      expect(first.body).toMatchObject({ page: 0, page_size: 2, start: 0, end: 1, previous_page_uri: null })
      const next = String(first.body['next_page_uri']).split(`${stage.carrier.accountSid}/`)[1] ?? ''
      const second = await ask(stage.carrier, next)
      expect(sidsOf(second)).toEqual(sids.slice(2))
      expect(second.body['next_page_uri']).toBeNull()
    })
  })
})

describe('updating calls', () => {
  it('completes a call that is up, with stop and close, and 21220 when it is over', async () => {
    await onStage({}, async (stage) => {
      const { carrier, server, dial } = stage
      const call = await dial()
      const { status, body } = await ask(carrier, `Calls/${call.sid}.json`, { Status: 'completed' })
      expect({ status, ...body }).toMatchObject({ status: 'completed', sid: call.sid })
      await stage.clock.advance(1)
      expect(server.messages.at(-1)?.event).toBe('stop')
      expect(server.closeCodes).toEqual([1005])
      expect(call.endedBy).toBe('api')
      const again = await ask(carrier, `Calls/${call.sid}.json`, { Status: 'completed' })
      expect({ ...again.body }).toMatchObject({
        status: 400,
        code: 21220,
        message: 'Call is not in-progress. Cannot redirect.',
      })
    })
  })

  it('cancels a call that is not up yet, and leaves one that is', async () => {
    await onStage({}, async (stage) => {
      const { carrier, clock } = stage
      const sid = sidOf(await create(stage))
      await clock.advance(800)
      expect((await ask(carrier, `Calls/${sid}.json`, { Status: 'canceled' })).body['status']).toBe('canceled')
      const other = sidOf(await create(stage))
      await clock.advance(3_000)
      expect((await ask(carrier, `Calls/${other}.json`, { Status: 'canceled' })).body['status']).toBe('in-progress')
    })
  })

  it('redirects a call that is up to other instructions, which ends its stream', async () => {
    await onStage({}, async (stage) => {
      const { carrier, clock, server, dial } = stage
      const call = await dial()
      await ask(carrier, `Calls/${call.sid}.json`, { Twiml: '<Response><Pause length="2"/><Hangup/></Response>' })
      await clock.advance(1_000)
      expect(server.messages.at(-1)?.event).toBe('stop')
      expect(call.status).toBe('in-progress')
      await clock.advance(1_100)
      expect(call).toMatchObject({ status: 'completed', endedBy: 'twiml' })
      expect(carrier.warnings).toEqual([])
    })
  })

  it('does not redirect a call that only rings', async () => {
    await onStage({}, async (stage) => {
      const sid = sidOf(await create(stage))
      expect((await ask(stage.carrier, `Calls/${sid}.json`, { Twiml: HANG_UP })).body['code']).toBe(21220)
    })
  })

  it('refuses an update that says nothing', async () => {
    await onStage({}, async (stage) => {
      const call = await stage.dial()
      expect((await ask(stage.carrier, `Calls/${call.sid}.json`, {})).body['code']).toBe(21218)
    })
  })
})

describe('prepared answers', () => {
  it('take the place of the next request of their kind, once', async () => {
    await onStage({}, async (stage) => {
      const { rest } = stage.carrier
      rest.answerNext({ operation: 'create', status: 429, headers: { 'retry-after': '7' } })
      expect((await ask(stage.carrier, 'Calls.json')).status).toBe(200)
      const { status, body, headers } = await create(stage)
      expect({ status, ...body }).toMatchObject({ status: 429, code: 20429 })
      expect(headers.get('retry-after')).toBe('7')
      expect(stage.carrier.calls).toEqual([])
      expect((await create(stage)).status).toBe(201)
      expect(rest.answersLeft).toBe(0)
      expect(rest.requests.map((request) => request.status)).toEqual([200, 429, 201])
    })
  })

  it('may take effect all the same', async () => {
    await onStage({}, async (stage) => {
      stage.carrier.rest.answerNext({ status: 500, body: '<html>oops</html>', takesEffect: true })
      await expect(create(stage)).rejects.toThrow('JSON')
      expect(stage.carrier.calls).toHaveLength(1)
    })
  })

  it('may be late, on the virtual clock', async () => {
    await onStage({}, async (stage) => {
      stage.carrier.rest.answerNext({ delayMs: 5_000 })
      let answered = 0
      void create(stage).then(() => (answered = stage.clock.now()))
      await stage.clock.advance(4_900)
      expect(answered).toBe(0)
      await stage.clock.until(() => answered > 0)
      expect(answered).toBeGreaterThanOrEqual(5_000)
    })
  })

  it('may be a reset, or never come', async () => {
    await onStage({}, async (stage) => {
      stage.carrier.rest.answerNext({ reset: true })
      await expect(create(stage)).rejects.toThrow('fetch failed')
      stage.carrier.rest.answerNext({ hang: true })
      let outcome = 'none'
      void create(stage).catch(() => (outcome = 'cut off'))
      await stage.clock.advance(60_000)
      expect(outcome).toBe('none')
      expect(stage.carrier.calls).toEqual([])
    })
  })
})

describe('the numbers of the account', () => {
  it('are found by their digits and pointed at a voice URL', async () => {
    await onStage({}, async ({ carrier }) => {
      const own = carrier.number(OUR_NUMBER)
      carrier.number('+15550100009')
      const query = `PhoneNumber=${encodeURIComponent(OUR_NUMBER)}`
      const { body } = await ask(carrier, `IncomingPhoneNumbers.json?${query}`)
      expect(body['incoming_phone_numbers']).toMatchObject([{ sid: own.sid, phone_number: OUR_NUMBER }])
      const voiceUrl = 'https://example.test/twiml'
      const updated = await ask(carrier, `IncomingPhoneNumbers/${own.sid}.json`, {
        VoiceUrl: voiceUrl,
        VoiceMethod: 'GET',
      })
      expect(updated.body).toMatchObject({ voice_url: voiceUrl, voice_method: 'GET' })
      expect(own).toMatchObject({ voiceUrl, voiceMethod: 'GET' })
    })
  })
})
