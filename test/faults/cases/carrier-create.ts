import dns from 'node:dns'
import { expect, onTestFinished, vi } from 'vitest'
import type { PreparedAnswer } from '../../../src/simulator/rest-faults.ts'
import type { Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'
import { CALLEE, operations } from './carrier-form.ts'

type Answer = Omit<PreparedAnswer, 'operation'>

/** What a proxy that means well answers. */
export const PAGE = { body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } }

/** So that nothing but its own judgement keeps the server from asking again at once. */
const AT_LEISURE = { CALLCHART_CALLS_PER_SECOND: '100' }

const creates = (stage: Stage) => stage.carrier.rest.requests.filter(({ operation }) => operation === 'create')

/** The one that did not come to a leg. */
const refusedCall = (stage: Stage) => stage.views().find(({ to }) => to === CALLEE)

async function expectRefused(stage: Stage): Promise<void> {
  await stage.carrier.until(() => refusedCall(stage)?.endedAt !== null, { what: 'the call to be over' })
  expect(refusedCall(stage)).toMatchObject({ state: 'error', reason: 'carrier refused', callSid: null })
  expect(stage.carrier.calls).toHaveLength(2)
}

/** An answer that says what became of the request: nothing. */
function refused(answer: Answer & { readonly status: number }, code: string): StagedFault {
  return {
    name: `${answer.status} to a create`,
    expected: '`carrier refused` at once: asked once, nobody rung, the reason told',
    befall: async ({ stage }) => {
      stage.carrier.rest.answerNext({ operation: 'create', ...answer })
      const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
      expect({ status, body }).toMatchObject({ status: 502, body: { code, carrier: { status: answer.status } } })
      await expectRefused(stage)
      expect(operations(stage)).toEqual(['create'])
      return `502, \`${code}\`; error, \`carrier refused\`; asked once`
    },
  }
}

/** An answer of no use to a create that was carried out all the same. */
function heardOf(name: string, answer: Answer): StagedFault {
  return {
    name: `${name} to a create, although it rings`,
    expected: 'in doubt, not dialled again; the callback shows the leg, and the call goes on',
    stage: { env: AT_LEISURE },
    befall: async ({ stage }) => {
      stage.carrier.rest.answerNext({ operation: 'create', takesEffect: true, ...answer })
      const callee = stage.carrier.callee(CALLEE)
      const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
      expect(status).toBe(201)
      const call = await callee.answers()
      await stage.carrier.until(() => call.isStreaming)
      await callee.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ id: body['id'], state: 'ended', reason: 'callee hung up' })
      expect(operations(stage)).toEqual(['create'])
      expect(stage.carrier.calls).toHaveLength(3)
      return 'heard of by callback; talked, ended, `callee hung up`; asked once'
    },
  }
}

/** @param told the API's status: of a call that is in doubt for longer than ten seconds, it says so. */
function lookedUp(name: string, answer: Answer, told: 201 | 502): StagedFault {
  return {
    name: `${name} to a create that rings, and no callback ever`,
    expected: 'in doubt, not dialled again; looked up, and the call goes on',
    befall: async ({ stage }) => {
      stage.carrier.rest.answerNext({ operation: 'create', takesEffect: true, ...answer })
      const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 20_000, callbacks: { never: true } })
      const { status } = await stage.api('POST', '/calls', { to: CALLEE })
      expect(status).toBe(told)
      await stage.carrier.until(() => operations(stage).length === 2, { what: 'the look-up' })
      const call = await callee.answers()
      await stage.carrier.until(() => call.isStreaming)
      await callee.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'callee hung up' })
      expect(operations(stage)).toEqual(['create', 'list'])
      return `API: ${told}; found by a look-up; talked, ended, \`callee hung up\`; asked once`
    },
  }
}

/** An answer of no use to a create that was not carried out. */
function foundOut(name: string, answer: Answer, code: string): StagedFault {
  return {
    name: `${name} to a create, and nothing rings`,
    expected: 'in doubt, not dialled again; looked up in vain: `carrier refused`',
    befall: async ({ stage }) => {
      stage.carrier.rest.answerNext({ operation: 'create', ...answer })
      const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
      expect({ status, body }).toMatchObject({ status: 502, body: { code } })
      await expectRefused(stage)
      expect(operations(stage)).toEqual(['create', 'list'])
      return `502, \`${code}\`; error, \`carrier refused\`; asked once, looked up once`
    },
  }
}

const limited: StagedFault = {
  name: '429 to a create three times, with Retry-After 2',
  expected: 'asked again when it was told to; one leg, one call',
  befall: async ({ stage }) => {
    for (let time = 0; time < 3; time += 1) {
      stage.carrier.rest.answerNext({ operation: 'create', status: 429, headers: { 'retry-after': '2' } })
    }
    const callee = stage.carrier.callee(CALLEE)
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
    expect(status).toBe(201)
    const times = creates(stage).map(({ at }) => at)
    expect(times).toHaveLength(4)
    for (const [index, at] of times.entries()) expect(at - (times[index - 1] ?? -2_000)).toBeGreaterThanOrEqual(2_000)
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    await callee.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ id: body['id'], state: 'ended', reason: 'callee hung up' })
    expect(stage.carrier.calls).toHaveLength(3)
    return 'asked four times, 2 s apart or more; rang once; ended, `callee hung up`'
  },
}

const paused: StagedFault = {
  name: '401 to five creates in a row',
  expected: 'the carrier is left alone for 15 s, then asked by one probe; no hot loop',
  stage: { env: AT_LEISURE },
  befall: async ({ stage }) => {
    const to = CALLEE
    for (let time = 0; time < 5; time += 1) {
      stage.carrier.rest.answerNext({ operation: 'create', status: 401 })
      expect(await stage.api('POST', '/calls', { to })).toMatchObject({ body: { code: 'CARRIER_UNAUTHORIZED' } })
    }
    for (let time = 0; time < 5; time += 1) {
      expect(await stage.api('POST', '/calls', { to })).toMatchObject({ status: 502, body: { code: 'CARRIER_PAUSED' } })
    }
    await stage.clock.advance(14_000)
    expect(await stage.api('POST', '/calls', { to })).toMatchObject({ body: { code: 'CARRIER_PAUSED' } })
    expect(creates(stage)).toHaveLength(5)
    await stage.clock.advance(2_000)
    const callee = stage.carrier.callee(to, 'busy')
    expect(await stage.api('POST', '/calls', { to })).toMatchObject({ status: 201 })
    expect(await stage.over(callee.call?.sid ?? '')).toMatchObject({ reason: 'busy' })
    expect(creates(stage)).toHaveLength(6)
    return 'five asked, six refused unasked with `CARRIER_PAUSED`; the probe after 15 s got through'
  },
}

const NOWHERE = 'nowhere.invalid'

/** The name is looked up here, and not by a resolver that this machine may have. */
export function resolveNowhere(): void {
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation((hostname: string, ...rest: unknown[]) => {
    expect(hostname).toBe(NOWHERE)
    const callback = rest.at(-1) as (error: Error) => void
    const fault = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname }
    setImmediate(() => callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), fault)))
  })
  onTestFinished(() => lookup.mockRestore())
}

export const nowhere = { env: { TWILIO_API_URL: `http://${NOWHERE}` } }

const unresolved: StagedFault = {
  name: 'a carrier whose host name does not resolve, at a create',
  expected: 'not dialled again; it cannot be looked up either: `carrier refused`, with the cause',
  stage: nowhere,
  befall: async ({ stage }) => {
    resolveNowhere()
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
    expect({ status, body }).toMatchObject({ status: 502, body: { code: 'CARRIER_UNAVAILABLE' } })
    expect(body['detail']).toContain('ENOTFOUND')
    await expectRefused(stage)
    expect(operations(stage)).toEqual([])
    return '502, `CARRIER_UNAVAILABLE`; error, `carrier refused`; nothing was sent'
  },
}

export const orders: readonly StagedFault[] = [
  refused({ status: 401 }, 'CARRIER_UNAUTHORIZED'),
  refused({ status: 403 }, 'CARRIER_REFUSED'),
  refused({ status: 404 }, 'CARRIER_NOT_FOUND'),
  paused,
  limited,
  heardOf('500', { status: 500 }),
  heardOf('an HTML page', { status: 200, ...PAGE }),
  heardOf('an empty body', { status: 201, body: '' }),
  heardOf('an answer that comes 30 s late', { delayMs: 30_000 }),
  heardOf('a reset', { reset: true }),
  lookedUp('a reset', { reset: true }, 201),
  lookedUp('an answer that comes 30 s late', { delayMs: 30_000 }, 502),
  foundOut('500', { status: 500 }, 'CARRIER_UNAVAILABLE'),
  foundOut('nothing', { hang: true }, 'CARRIER_TIMEOUT'),
  unresolved,
]
