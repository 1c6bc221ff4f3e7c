import { expect } from 'vitest'
import type { SimulatedCall } from '../../../src/simulator/call.ts'
import { OUR_NUMBER, openRestartableStage, type RestartableStage } from '../../cli/restartable-stage.ts'
import type { LoneFault } from '../fault.ts'

/** A process that is told to end, with twenty calls under way. */

const CALLS = 20
const OTHERS = 'none: they are in the same process, and fare alike'

const DRAIN_SECONDS = 2

/** One row each and no other, by reason. */
async function rowsByReason(stage: RestartableStage, calls: readonly SimulatedCall[]) {
  const rows = await stage.recordsKept()
  expect(rows.map(({ callSid = '' }) => callSid).toSorted()).toEqual(calls.map(({ sid }) => sid).toSorted())
  const reasons = rows.map(({ reason = 'none' }) => reason)
  return Object.fromEntries(
    [...new Set(reasons)].map((reason) => [reason, reasons.filter((each) => each === reason).length]),
  )
}

async function readiness(stage: RestartableStage): Promise<number> {
  return (await stage.api('GET', '/readyz')).status
}

const drained: LoneFault = {
  name: `SIGTERM with ${CALLS} live calls, half of which are longer than may be waited for`,
  expected: 'not ready within 100 ms, no new calls; nobody is cut before the limit; exit code 0',
  others: OTHERS,
  befall: async () => {
    await using stage = await openRestartableStage({ env: { CALLCHART_DRAIN_SECONDS: String(DRAIN_SECONDS) } })
    const people = await stage.callers(CALLS)
    expect(await readiness(stage)).toBe(200)
    const askedAt = stage.carrier.clock.now()
    stage.server.signal('SIGTERM')
    const sinceMs = () => stage.carrier.clock.now() - askedAt
    // It is a tenth of that, where nobody else keeps the machine busy.
    while ((await readiness(stage)) === 200) expect(sinceMs()).toBeLessThan(1_000)
    const calls = people.map(({ call }) => call)
    expect(calls.filter(({ isStreaming }) => isStreaming)).toHaveLength(CALLS)
    for (const { caller } of people.slice(CALLS / 2)) await caller.hangsUp()
    const late = await stage.carrier.caller('+15551110999').dials(OUR_NUMBER, { voiceUrl: `${stage.url}/twiml` })
    expect(late.status).toBe('busy')
    expect((await stage.server.ended).code).toBe(0)
    const cut = calls.slice(0, CALLS / 2)
    expect(cut.every(({ endedBy }) => endedBy === 'api')).toBe(true)
    for (const { endedAt = 0 } of cut) expect(endedAt - askedAt).toBeGreaterThanOrEqual(DRAIN_SECONDS * 1_000)
    const half = CALLS / 2
    expect(await rowsByReason(stage, calls)).toEqual({ 'caller hung up': half, draining: half })
    return `not ready at once; ${half} hung up themselves, ${half} were cut at the limit and none before; exit code 0`
  },
}

const hurried: LoneFault = {
  name: `a second SIGTERM with ${CALLS} live calls`,
  expected: 'all are hung up, and the process is gone within 2 s; exit code 0',
  others: OTHERS,
  befall: async () => {
    await using stage = await openRestartableStage()
    const calls = (await stage.callers(CALLS)).map(({ call }) => call)
    stage.server.signal('SIGTERM')
    await stage.server.says(/draining/)
    expect(calls.filter(({ isStreaming }) => isStreaming)).toHaveLength(CALLS)
    const askedAt = stage.carrier.clock.now()
    stage.server.signal('SIGTERM')
    expect((await stage.server.ended).code).toBe(0)
    expect(stage.carrier.clock.now() - askedAt).toBeLessThan(5_000)
    expect(calls.every(({ endedBy }) => endedBy === 'api')).toBe(true)
    expect(await rowsByReason(stage, calls)).toEqual({ draining: CALLS })
    return `gone in time; ${CALLS} hung up, ${CALLS} records; exit code 0`
  },
}

export const ENDS: readonly LoneFault[] = [drained, hurried]
