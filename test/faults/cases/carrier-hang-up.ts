import { expect } from 'vitest'
import type { PreparedAnswer } from '../../../src/simulator/rest-faults.ts'
import type { SimulatedCall } from '../../../src/simulator/call.ts'
import type { Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'
import { nowhere, PAGE, resolveNowhere } from './carrier-create.ts'
import { CALLER, operations } from './carrier-form.ts'

type Answer = Omit<PreparedAnswer, 'operation'>

/** Has the API hang a call up. Its chart is over by then; its leg is, as soon as the carrier has heard of it in any way. */
async function hangUp(stage: Stage): Promise<{ readonly call: SimulatedCall; readonly cause: unknown }> {
  const { call } = await stage.caller(CALLER)
  const { status, body } = await stage.api('DELETE', `/calls/${call.sid}`)
  expect({ status, body }).toMatchObject({ status: 200, body: { state: 'ended', reason: 'hung up by API' } })
  await stage.carrier.until(() => call.isOver, { what: 'the leg to be over' })
  await stage.over(call.sid)
  return { call, cause: body['cause'] }
}

/** An answer after which it may be asked again. */
function repeated(name: string, answer: Answer): StagedFault {
  return {
    name: `${name} to a hang-up`,
    expected: 'asked again: hanging up twice does no harm; the leg is over',
    befall: async ({ stage }) => {
      stage.carrier.rest.answerNext({ operation: 'update', ...answer })
      const { call, cause } = await hangUp(stage)
      expect(cause).toBeNull()
      expect(call.endedBy).toBe('api')
      expect(operations(stage)).toEqual(['update', 'update'])
      return 'ended, `hung up by API`; asked twice, hung up by us'
    },
  }
}

/** The carrier will not hear of it; but its stream is closed, and when it asks what comes next, it is told. */
function refused(answer: Answer & { readonly status: number }, told: RegExp | null): StagedFault {
  return {
    name: `${answer.status} to a hang-up`,
    expected: 'asked once; the stream is closed and `/twiml/next` says hang up, so that no leg is left',
    befall: async ({ stage }) => {
      stage.carrier.rest.answerNext({ operation: 'update', ...answer })
      const { call, cause } = await hangUp(stage)
      if (told === null) expect(cause).toBeNull()
      else expect(cause).toMatch(told)
      expect(call.endedBy).toBe('twiml')
      expect(operations(stage)).toEqual(['update'])
      return 'ended, `hung up by API`; asked once, the leg over by TwiML'
    },
  }
}

const neverHeard: StagedFault = {
  name: '500 to every hang-up',
  expected: 'asked a few times, no more; the stream is closed and `/twiml/next` says hang up',
  befall: async ({ stage }) => {
    for (let time = 0; time < 10; time += 1) stage.carrier.rest.answerNext({ operation: 'update', status: 500 })
    const { call, cause } = await hangUp(stage)
    expect(cause).toMatch(/HTTP 500/)
    expect(call.endedBy).toBe('twiml')
    expect(operations(stage)).toEqual(['update', 'update', 'update', 'update'])
    return 'ended, `hung up by API`, with the cause; asked four times, the leg over by TwiML'
  },
}

const unresolved: StagedFault = {
  name: 'a carrier whose host name does not resolve, at a hang-up',
  expected: 'asked a few times, no more; the stream is closed and `/twiml/next` says hang up',
  stage: nowhere,
  befall: async ({ stage }) => {
    resolveNowhere()
    const { call, cause } = await hangUp(stage)
    expect(cause).toMatch(/ENOTFOUND/)
    expect(call.endedBy).toBe('twiml')
    expect(operations(stage)).toEqual([])
    return 'ended, `hung up by API`, with the cause; the leg over by TwiML'
  },
}

export const hangUps: readonly StagedFault[] = [
  refused({ status: 401 }, /HTTP 401/),
  refused({ status: 403 }, /HTTP 403/),
  // As good as a hang-up, as far as anybody can tell: there is nothing to end.
  refused({ status: 404 }, null),
  repeated('429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }),
  repeated('500', { status: 500 }),
  repeated('an HTML page', { status: 200, ...PAGE }),
  repeated('an empty body', { status: 200, body: '' }),
  repeated('an answer that comes 30 s late', { status: 500, delayMs: 30_000 }),
  repeated('a reset', { reset: true }),
  neverHeard,
  unresolved,
]
