import { describe, expect, it } from 'vitest'
import type { PreparedAnswer } from '../../src/simulator/rest-faults.ts'
import { openStage } from './stage.ts'

const CALLEE = '+15552220001'

describe('a carrier that does not do what it is asked', () => {
  const refusals: [string, Omit<PreparedAnswer, 'operation'>, object][] = [
    ['401', { status: 401 }, { code: 'CARRIER_UNAUTHORIZED', carrier: { code: 20_003, status: 401 } }],
    [
      '400 with 21211',
      { status: 400, body: { code: 21_211, message: 'Invalid To', status: 400 } },
      { carrier: { code: 21_211, status: 400 } },
    ],
    ['500', { status: 500 }, { code: 'CARRIER_UNAVAILABLE' }],
    [
      'HTML',
      { status: 200, body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } },
      { code: 'CARRIER_GIBBERISH' },
    ],
    ['an empty body', { status: 201, body: '' }, { code: 'CARRIER_GIBBERISH' }],
    ['a reset', { reset: true }, { code: 'CARRIER_UNAVAILABLE' }],
    ['nothing at all', { hang: true }, { code: 'CARRIER_TIMEOUT' }],
  ]

  it.each(refusals)('answering a dial with %s makes it 502, once, with the reason', async (_, answer, expected) => {
    await using stage = await openStage()
    stage.carrier.rest.answerNext({ operation: 'create', ...answer })
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
    expect(status).toBe(502)
    expect(body).toMatchObject(expected)
    expect(typeof body['detail']).toBe('string')
    // A create is never repeated: it might ring somebody twice.
    expect(stage.carrier.rest.requests.filter((request) => request.operation === 'create')).toHaveLength(1)
    await stage.carrier.until(() => stage.views().every((call) => call.endedAt !== null))
    expect(stage.views()).toEqual([expect.objectContaining({ state: 'error', reason: 'carrier refused' })])
  })

  it('answering 429 is asked again when it said, and the call is placed once', async () => {
    await using stage = await openStage()
    stage.carrier.rest.answerNext({ operation: 'create', status: 429, headers: { 'retry-after': '1' } })
    const { status } = await stage.api('POST', '/calls', { to: CALLEE })
    expect(status).toBe(201)
    expect(stage.carrier.calls).toHaveLength(1)
    const callee = stage.carrier.callee(CALLEE)
    await callee.answers()
    await callee.hangsUp()
  })

  it('ringing somebody although it answered 500 is heard of by callback: the call goes on, and says so', async () => {
    await using stage = await openStage()
    stage.carrier.rest.answerNext({ operation: 'create', status: 500, takesEffect: true })
    const callee = stage.carrier.callee(CALLEE)
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
    expect(status).toBe(201)
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    await callee.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ id: body['id'], state: 'ended', reason: 'callee hung up' })
    expect(stage.view(call.sid).cause).toContain('HTTP 500')
    expect(stage.carrier.calls).toHaveLength(1)
  })

  it('that placed a call, answered nothing and calls nothing back is looked at once, and the call goes on', async () => {
    await using stage = await openStage({ carrier: { callbacks: { delayMs: 60_000 } } })
    stage.carrier.rest.answerNext({ operation: 'create', reset: true, takesEffect: true })
    const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 5_000 })
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
    expect(status).toBe(201)
    expect(body['callSid']).toBe(callee.call?.sid)
    const operations = stage.carrier.rest.requests.map(({ operation }) => operation)
    expect(operations).toEqual(['create', 'list'])
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    await callee.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'callee hung up' })
  })

  it('that may have placed a call nobody wants any more is looked at, and made to hang up', async () => {
    await using stage = await openStage({ carrier: { callbacks: { delayMs: 60_000 } } })
    stage.carrier.rest.answerNext({ operation: 'create', status: 500, delayMs: 3_000, takesEffect: true })
    const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 30_000 })
    const dialling = stage.switchboard.dial({ to: CALLEE })
    dialling.catch(() => {})
    await stage.carrier.until(() => callee.call !== undefined)
    const [{ id } = { id: '' }] = stage.views()
    const { body } = await stage.api('DELETE', `/calls/${id}`)
    expect(body).toMatchObject({ state: 'ended', reason: 'hung up by API' })
    expect(callee.call?.isOver).toBe(true)
  })

  it('failing twice at a hang-up is asked a third time', async () => {
    await using stage = await openStage()
    const { call } = await stage.caller()
    stage.carrier.rest.answerNext({ operation: 'update', status: 500 })
    stage.carrier.rest.answerNext({ operation: 'update', status: 503 })
    const { body } = await stage.api('DELETE', `/calls/${call.sid}`)
    expect(body).toMatchObject({ state: 'ended', reason: 'hung up by API', cause: null })
    expect(call.isOver).toBe(true)
  })

  it('never answering a hang-up still loses the leg: the socket is closed, and what comes next is a hangup', async () => {
    await using stage = await openStage()
    const { call } = await stage.caller()
    for (let i = 0; i < 8; i += 1) stage.carrier.rest.answerNext({ operation: 'update', status: 500 })
    const { body } = await stage.api('DELETE', `/calls/${call.sid}`)
    expect(body).toMatchObject({ state: 'ended', reason: 'hung up by API' })
    expect(String(body['cause'])).not.toBe('null')
    await stage.carrier.until(() => call.isOver)
    expect(call.endedBy).not.toBe('api')
  })

  it('calling a leg over that is over is as good as a hang-up', async () => {
    await using stage = await openStage()
    const { call } = await stage.caller()
    stage.carrier.rest.answerNext({
      operation: 'update',
      status: 400,
      body: { code: 21_220, message: 'not in-progress', status: 400 },
    })
    const { body } = await stage.api('DELETE', `/calls/${call.sid}`)
    expect(body).toMatchObject({ state: 'ended', reason: 'hung up by API', cause: null })
    await stage.carrier.until(() => call.isOver)
  })
})
