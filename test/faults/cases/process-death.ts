import { expect } from 'vitest'
import type { SimulatedCall } from '../../../src/simulator/call.ts'
import { VirtualClock } from '../../../src/simulator/virtual-clock.ts'
import { openRestartableStage, type RestartableStage } from '../../cli/restartable-stage.ts'
import type { LoneFault } from '../fault.ts'

/** A process that dies with calls under way: real processes, real sockets, a real disk. */

const CALLEE = '+15552220001'
const UNTIL_ANSWERED = { answersAfterMs: Number.POSITIVE_INFINITY }
const OTHERS = 'none: they are in the same process, and fare alike'

const isGoingOn = (call: SimulatedCall): boolean =>
  call.streams.length === 2 && call.isStreaming && (call.stream?.mediaReceived ?? 0) > 0

/** Waits until calls have a fresh stream, on which something is heard. */
const goOn = (stage: RestartableStage, calls: readonly SimulatedCall[]) =>
  stage.carrier.until(() => calls.every(isGoingOn), { what: 'fresh streams' })

/** Everybody's call is over, as told, with one record each and no other. */
async function expectOneRecordEach(stage: RestartableStage, calls: readonly SimulatedCall[], told: object) {
  const rows = await stage.allOver(calls.map(({ sid }) => sid))
  expect(rows.map(({ callSid }) => callSid ?? '').toSorted()).toEqual(calls.map(({ sid }) => sid).toSorted())
  for (const row of rows) expect(row).toMatchObject(told)
  expect(calls.every(({ isOver }) => isOver)).toBe(true)
  return rows
}

const killed: LoneFault = {
  name: '`kill -9` with 100 live calls; the carrier does not notice it of 20, and 10 hang up meanwhile',
  expected: 'after the restart each is adopted, or its record closed; none silent and billed, one record each',
  others: OTHERS,
  befall: async () => {
    await using stage = await openRestartableStage()
    const unnoticed = await stage.callers(20)
    const people = [...unnoticed, ...(await stage.callers(80, 20))]
    const before = await stage.calls()
    stage.cutOff(unnoticed.length)
    await stage.kill()
    const [left, stayed] = [people.slice(90), people.slice(0, 90)]
    for (const { caller } of left) await caller.hangsUp()
    await stage.start()
    const calls = stayed.map(({ call }) => call)
    await goOn(stage, calls)
    // Who had noticed has asked what comes next; the others were given a stream without having asked.
    const isAsking = ({ documents }: SimulatedCall) => documents.length === 2
    expect(calls.slice(0, unnoticed.length).some(isAsking)).toBe(false)
    expect(calls.slice(unnoticed.length).some(isAsking)).toBe(true)
    for (const { caller } of stayed) await caller.hangsUp()
    const all = people.map(({ call }) => call)
    await expectOneRecordEach(stage, all, { state: 'ended', reason: 'caller hung up' })
    const after = await stage.calls()
    expect(after.map(({ id }) => id).toSorted()).toEqual(before.map(({ id }) => id).toSorted())
    const noticed = calls.length - unnoticed.length
    return `${noticed} asked and went on, ${unnoticed.length} were looked up and went on, ${left.length} records closed`
  },
}

const hungUp: LoneFault = {
  name: '`kill -9` with 20 live calls, where the operator wants them hung up',
  expected: 'after the restart each is hung up, as `server died`; one record each',
  others: OTHERS,
  befall: async () => {
    await using stage = await openRestartableStage({ env: { CALLCHART_ORPHANS: 'hang-up' } })
    const calls = (await stage.callers(20)).map(({ call }) => call)
    await stage.kill()
    await stage.start()
    await stage.carrier.until(() => calls.every(({ isOver }) => isOver), { what: 'all to be hung up' })
    await expectOneRecordEach(stage, calls, { state: 'error', reason: 'server died', endedBy: 'system' })
    return `${calls.length} hung up, \`server died\`; ${calls.length} records`
  },
}

const ringing: LoneFault = {
  name: '`kill -9` while two calls that were placed still ring; of one the carrier has not said yet which it is',
  expected: 'answered after the restart, the one goes on; the other is found and hung up; one record each',
  others: OTHERS,
  befall: async () => {
    await using stage = await openRestartableStage()
    const known = stage.carrier.callee(CALLEE, UNTIL_ANSWERED)
    await stage.dial(known.number, { parameters: { order: 'A-17' } })
    const unknown = stage.carrier.callee('+15552220002', { ...UNTIL_ANSWERED, callbacks: { never: true } })
    stage.carrier.rest.answerNext({ operation: 'create', takesEffect: true, hang: true })
    const asked = stage.dial(unknown.number).catch(() => 'no answer')
    await stage.carrier.until(() => [known, unknown].every(({ call }) => call?.status === 'ringing'))
    await stage.kill()
    expect(await asked).toBe('no answer')
    await stage.start()
    expect(known.call?.status).toBe('ringing')
    const call = await known.answers()
    await goOn(stage, [call])
    const stranger = await unknown.isHungUpOn({ withinMs: 30_000 })
    expect(stranger).toMatchObject({ status: 'canceled', endedBy: 'api' })
    await known.hangsUp()
    const rows = await expectOneRecordEach(stage, [call, stranger], { direction: 'outbound' })
    const reasons = [call, stranger].map(({ sid }) => rows.find(({ callSid }) => callSid === sid)?.reason)
    expect(reasons).toEqual(['callee hung up', 'server died'])
    return 'one went on, one was hung up as `server died`; 2 records'
  },
}

const orphaned: LoneFault = {
  name: 'the process that placed a call is dead, nobody starts it again, and the carrier does not notice',
  expected: "the carrier's own `timeLimit`, which is the call's, ends the call",
  others: 'none: there is no other call',
  befall: async () => {
    // The server's time is real; the carrier's passes as it is told to.
    const clock = new VirtualClock()
    await using stage = await openRestartableStage({ clock })
    const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 0 })
    await stage.dial(CALLEE, { timeLimitSeconds: 5 })
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    call.halfOpen()
    stage.cutOff()
    await stage.kill()
    await clock.advance(2_000)
    expect(call).toMatchObject({ status: 'in-progress', streams: [{ end: undefined }] })
    await stage.carrier.until(() => call.isOver, { what: 'the time limit', timeoutMs: 10_000 })
    expect(call).toMatchObject({ status: 'completed', endedBy: 'carrier' })
    const { durationMs = Infinity } = call
    expect(durationMs).toBeLessThanOrEqual(5_000)
    return `up and silent, until the carrier ended it ${durationMs / 1_000} s after the answer`
  },
}

/** An agent with a mistake in it that nobody can catch. */
const FRAGILE = `
  const mistake = () => new Error('no such customer: +1 555 123 4567')
  export const fragile = async (call) => {
    call.on('digit.received', ({ digit }) => {
      if (digit === '1') setTimeout(() => { throw mistake() }, 0)
      if (digit === '2') void Promise.reject(mistake())
    })
    await new Promise((resolve) => call.signal.addEventListener('abort', resolve))
  }`

/** One of three calls has its process die of a mistake. */
function mistaken(name: string, digit: string, origin: string): LoneFault {
  return {
    name,
    expected: 'one line in the log, with no number in it, and exit code 1; after the restart each call is adopted',
    others: OTHERS,
    befall: async () => {
      await using stage = await openRestartableStage({ agents: FRAGILE, env: { CALLCHART_AGENT: 'fragile' } })
      const people = await stage.callers(3)
      await people[0]?.caller.presses(digit)
      const { code, stdout, stderr } = await stage.server.ended
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).not.toMatch(/555.?123.?4567/)
      const lines = stderr.trim().split('\n')
      const fatal = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 60)
      expect(fatal).toMatchObject([{ origin, err: { message: 'no such customer: +1•••67' } }])
      await stage.start()
      const calls = people.map(({ call }) => call)
      await stage.carrier.until(() => calls.every((call) => call.streams.length === 2 && call.isStreaming))
      for (const { caller } of people) await caller.hangsUp()
      await expectOneRecordEach(stage, calls, { state: 'ended', reason: 'caller hung up' })
      return `exit code ${String(code)}, ${fatal.length} fatal line; ${calls.length} calls went on, ${calls.length} records`
    },
  }
}

export const DEATHS: readonly LoneFault[] = [
  killed,
  hungUp,
  ringing,
  orphaned,
  mistaken('an agent throws where nobody can catch it', '1', 'uncaughtException'),
  mistaken('an agent leaves a promise that rejects', '2', 'unhandledRejection'),
]
