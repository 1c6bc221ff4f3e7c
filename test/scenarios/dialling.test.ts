import { describe, expect, it } from 'vitest'
import { openStage, type Stage } from './stage.ts'

const CALLEES = Array.from({ length: 20 }, (_, index) => `+155522200${String(index).padStart(2, '0')}`)
const FIRST = CALLEES[0] ?? ''

/** When the carrier was asked to place a call, in milliseconds of the stage's clock. */
function dialledAt(stage: Stage): number[] {
  return stage.carrier.rest.requests.filter(({ operation }) => operation === 'create').map(({ at }) => at)
}

/** The most in any second that begins with one of them. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length))
}

/** Nobody picks up, so that the calls can be looked at while they ring. */
function letRing(stage: Stage): void {
  for (const callee of CALLEES) stage.carrier.callee(callee, { answersAfterMs: Number.POSITIVE_INFINITY })
}

describe('outgoing calls', () => {
  it.each([
    ['1', 5],
    ['3', 9],
  ])('asked for at once are begun %s in any second, in their order', async (perSecond, count) => {
    await using stage = await openStage({ env: { CALLCHART_CALLS_PER_SECOND: perSecond } })
    letRing(stage)
    const wanted = CALLEES.slice(0, count)
    const answers = await Promise.all(wanted.map((to) => stage.api('POST', '/calls', { to })))
    expect(answers.map(({ status }) => status)).toEqual(wanted.map(() => 201))
    expect(mostInASecond(dialledAt(stage))).toBe(Number(perSecond))
    expect(stage.carrier.calls.map(({ to }) => to)).toEqual(wanted)
  })

  it('that wait longer than ten seconds for their turn are answered 202, and dialled when it comes', async () => {
    await using stage = await openStage()
    letRing(stage)
    const answers = await Promise.all(CALLEES.slice(0, 14).map((to) => stage.api('POST', '/calls', { to })))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThanOrEqual(10)
    expect(statuses.slice(-3)).toEqual([202, 202, 202])
    expect(answers.at(-1)?.body).toMatchObject({ state: 'connecting', callSid: null })
    await stage.carrier.until(() => stage.carrier.calls.length === 14)
    expect(mostInASecond(dialledAt(stage))).toBe(1)
  })

  it('are refused when the queue is full, and those that wait are not the worse for it', async () => {
    await using stage = await openStage({ env: { CALLCHART_DIAL_QUEUE: '2' } })
    letRing(stage)
    const answers = await Promise.all(CALLEES.slice(0, 5).map((to) => stage.api('POST', '/calls', { to })))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429, 429])
    expect(answers[3]?.body).toMatchObject({ code: 'DIAL_QUEUE_FULL' })
    expect(String(answers[3]?.body['detail'])).toBe('expected at most 2 calls waiting to be dialled, got one more')
    expect(stage.carrier.calls).toHaveLength(3)
  })

  it('hung up while they wait are never dialled, and leave their place to the next', async () => {
    await using stage = await openStage()
    letRing(stage)
    const dials = CALLEES.slice(0, 4).map((to) => stage.api('POST', '/calls', { to }))
    await stage.carrier.until(() => stage.views().length === 4)
    const third = stage.views().find(({ to }) => to === CALLEES[2])
    const { body } = await stage.api('DELETE', `/calls/${third?.id ?? ''}`)
    expect(body).toMatchObject({ state: 'ended', reason: 'hung up by API', callSid: null })
    await Promise.all(dials)
    expect(stage.carrier.calls.map(({ to }) => to)).toEqual([CALLEES[0], CALLEES[1], CALLEES[3]])
    const [first = 0, , last = 0] = dialledAt(stage)
    expect(last - first).toBeLessThan(2_100)
  })

  it('to a carrier that answers 429 three times are asked for again as it says, and placed once', async () => {
    await using stage = await openStage()
    const callee = stage.carrier.callee(FIRST)
    for (let i = 0; i < 3; i += 1) {
      stage.carrier.rest.answerNext({ operation: 'create', status: 429, headers: { 'retry-after': '2' } })
    }
    const { status, body } = await stage.api('POST', '/calls', { to: FIRST })
    expect(status).toBe(201)
    expect(stage.carrier.calls).toHaveLength(1)
    const times = dialledAt(stage)
    expect(times).toHaveLength(4)
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_000)
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    await callee.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ id: body['id'], state: 'ended', reason: 'callee hung up' })
  })

  it('to a carrier that fails again and again are refused at once, until it is found to be well', async () => {
    await using stage = await openStage({ env: { CALLCHART_CALLS_PER_SECOND: '100' } })
    letRing(stage)
    for (const to of CALLEES.slice(0, 5)) {
      stage.carrier.rest.answerNext({ operation: 'create', status: 401 })
      expect(await stage.api('POST', '/calls', { to })).toMatchObject({ body: { code: 'CARRIER_UNAUTHORIZED' } })
    }
    const asked = stage.carrier.rest.requests.length
    const refused = await stage.api('POST', '/calls', { to: CALLEES[5] })
    expect(refused).toMatchObject({ status: 502, body: { code: 'CARRIER_PAUSED' } })
    expect(stage.carrier.rest.requests).toHaveLength(asked)
    expect(stage.log.filter(({ msg }) => msg.startsWith('the carrier is out of order'))).toHaveLength(1)
    await stage.clock.advance(16_000)
    expect((await stage.api('POST', '/calls', { to: CALLEES[6] })).status).toBe(201)
    expect((await stage.api('POST', '/calls', { to: CALLEES[7] })).status).toBe(201)
    expect(stage.log.filter(({ msg }) => msg === 'the carrier is in order again')).toHaveLength(1)
  })
})
