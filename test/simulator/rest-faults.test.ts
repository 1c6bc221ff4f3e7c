import { describe, expect, it } from 'vitest'
import type { PreparedAnswer } from '../../src/simulator/index.ts'
import { ask, type Asked } from './asking.ts'
import { onStage, OUR_NUMBER, type Stage } from './stage.ts'

const CALLEE = '+15552223333'
const PAUSE = '<Response><Pause length="60"/></Response>'

const create = ({ carrier }: Stage): Promise<Asked> =>
  ask(carrier, 'Calls.json', { To: CALLEE, From: OUR_NUMBER, Twiml: PAUSE })

/** The calls that a server would look for after a create without an answer. */
async function found({ carrier }: Stage, since: Date): Promise<unknown> {
  const query = new URLSearchParams({ To: CALLEE, From: OUR_NUMBER, 'StartTime>': since.toISOString() })
  return (await ask(carrier, `Calls.json?${query.toString()}`)).body['calls']
}

describe('a carrier with too much to do', () => {
  it('refuses calls three times in a row, and says how long to wait', async () => {
    await onStage({}, async (stage) => {
      const { rest } = stage.carrier
      for (const seconds of ['1', '2', '4']) {
        rest.answerNext({ operation: 'create', status: 429, headers: { 'retry-after': seconds } })
      }
      const waits: unknown[] = []
      for (let attempt = 0; attempt < 3; attempt++) {
        const { status, body, headers } = await create(stage)
        expect({ status, ...body }).toMatchObject({ status: 429, code: 20429 })
        waits.push(headers.get('retry-after'))
      }
      expect(waits).toEqual(['1', '2', '4'])
      expect(stage.carrier.calls).toEqual([])
      expect((await create(stage)).status).toBe(201)
      expect(rest.requests.map(({ operation, status }) => [operation, status])).toEqual([
        ['create', 429],
        ['create', 429],
        ['create', 429],
        ['create', 201],
      ])
    })
  })
})

describe('a call that was created although the answer said nothing of it', () => {
  it.each<[string, PreparedAnswer]>([
    ['an error', { status: 500, takesEffect: true }],
    ['a reset', { reset: true, takesEffect: true }],
    ['no answer at all', { hang: true, takesEffect: true }],
  ])('is found by whom it called, for whom, and when: %s', async (_, fault) => {
    await onStage({}, async (stage) => {
      const { carrier, clock } = stage
      const since = new Date(Date.now() - 1_000)
      carrier.rest.answerNext({ operation: 'create', ...fault })
      void create(stage).catch(() => undefined)
      await clock.until(() => carrier.calls.length > 0)
      const [call] = carrier.calls
      expect(await found(stage, since)).toMatchObject([{ sid: call?.sid, status: 'queued', to: CALLEE }])
      await clock.advance(3_000)
      expect(await found(stage, since)).toMatchObject([{ sid: call?.sid, status: 'in-progress' }])
      expect(await found(stage, new Date(Date.now() + 60_000))).toEqual([])
    })
  })

  it('is not found when it took no effect', async () => {
    await onStage({}, async (stage) => {
      const since = new Date(Date.now() - 1_000)
      stage.carrier.rest.answerNext({ operation: 'create', status: 500 })
      expect((await create(stage)).status).toBe(500)
      expect(await found(stage, since)).toEqual([])
    })
  })
})

describe('prepared answers about recordings', () => {
  it('are taken by the request they are meant for', async () => {
    await onStage({}, async (stage) => {
      const { carrier, dial } = stage
      const { rest } = carrier
      const { sid } = await dial()
      rest.answerNext({ operation: 'fetchRecordings', status: 503 })
      rest.answerNext({ operation: 'changeRecording', status: 500 })
      rest.answerNext({ operation: 'startRecording', status: 429 })
      const statuses: number[] = []
      for (let time = 0; time < 2; time++) {
        statuses.push((await ask(carrier, `Calls/${sid}/Recordings.json`, {})).status)
      }
      const current = `Calls/${sid}/Recordings/Twilio.CURRENT.json`
      for (let time = 0; time < 2; time++) statuses.push((await ask(carrier, current, { Status: 'paused' })).status)
      for (let time = 0; time < 2; time++) statuses.push((await ask(carrier, current)).status)
      expect(statuses).toEqual([429, 201, 500, 200, 503, 200])
      expect(rest.answersLeft).toBe(0)
    })
  })
})

describe('prepared answers about one call', () => {
  it('are taken by requests about it alone: whom a call is for while it has no SID, and its SID then', async () => {
    await onStage({}, async (stage) => {
      const { carrier, dial } = stage
      const { rest } = carrier
      const [one, other] = [await dial(), await dial()]
      rest.answerNext({ operation: 'create', status: 429, about: CALLEE })
      rest.answerNext({ operation: 'update', status: 500, about: other.sid })
      const elsewhere = { To: '+15552224444', From: OUR_NUMBER, Twiml: PAUSE }
      expect((await ask(carrier, 'Calls.json', elsewhere)).status).toBe(201)
      expect((await create(stage)).status).toBe(429)
      const end = ({ sid }: { sid: string }) => ask(carrier, `Calls/${sid}.json`, { Status: 'completed' })
      const statuses = [(await end(one)).status, (await end(other)).status, (await end(other)).status]
      expect(statuses).toEqual([200, 500, 200])
      expect(rest.answersLeft).toBe(0)
    })
  })

  it('can be taken back, as long as nobody has asked', async () => {
    await onStage({}, async (stage) => {
      const { rest } = stage.carrier
      const taken = rest.answerNext({ operation: 'create', status: 500 })
      const left = rest.answerNext({ operation: 'create', status: 503 })
      expect((await create(stage)).status).toBe(500)
      taken()
      expect(rest.answersLeft).toBe(1)
      left()
      expect((await create(stage)).status).toBe(201)
    })
  })
})
