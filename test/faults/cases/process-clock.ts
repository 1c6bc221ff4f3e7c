import { expect, onTestFinished, vi } from 'vitest'
import type { Agent } from '../../../src/agents/agent.ts'
import type { SimulatedCall } from '../../../src/simulator/call.ts'
import { sine } from '../../audio/signals.ts'
import { openStage, OUR_NUMBER, PUBLIC_URL, type Stage, TALK } from '../../scenarios/stage.ts'
import type { LoneFault } from '../fault.ts'

/** Time that is not what the process believes: a wall clock that is set, an event loop that is blocked. */

const HOUR_MS = 3_600_000
const CALLEE = '+15552220001'

const speaker: Agent = async (call) => {
  await call.play(sine(440, 16_000, 128_000)).finished
}

async function echoes(stage: Stage) {
  const people = [await stage.caller('+15551110001'), await stage.caller('+15551110002')]
  for (const { call } of people) call.speech.repeat(TALK)
  await stage.clock.advance(500)
  return people
}

async function expectGoodEnd(stage: Stage, people: Awaited<ReturnType<typeof echoes>>): Promise<void> {
  for (const { caller, call } of people) {
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    const { startedAt = 0, endedAt = 0, states = [] } = stage.records.find(call.sid) ?? {}
    expect(endedAt - startedAt).toBeGreaterThanOrEqual(0)
    expect(endedAt - startedAt).toBeLessThan(60_000)
    expect(states.filter(({ ms = 0 }) => ms < 0 || ms > 60_000)).toEqual([])
  }
  const sids = stage.records.recent().map(({ callSid }) => callSid)
  expect(new Set(sids).size).toBe(sids.length)
}

function startOf(stage: Stage, call: SimulatedCall | undefined): number {
  return stage.records.find(call?.sid ?? '')?.startedAt ?? Number.NaN
}

/** With calls that hear an echo and a speech, that ring, that wait for a stream, and that have a time limit. */
function clockSet(name: string, stepMs: number): LoneFault {
  return {
    name,
    expected:
      'pacing, timers, time limits, tokens and the times in a record go by another clock: nothing is early, late, refused or of negative length',
    others: 'two callers missed no frame of their echo, worst gap 24 ms at most',
    befall: async () => {
      // Only the date, and before the server takes it from the process.
      vi.useFakeTimers({ toFake: ['Date'] })
      onTestFinished(() => void vi.useRealTimers())
      await using stage = await openStage({ agents: { speaker } })
      const people = await echoes(stage)
      const { clock, carrier } = stage
      carrier.callee(CALLEE, { answersAfterMs: 1_000, streamNeverComes: true })
      const limited = carrier.callee('+15552220002', { answersAfterMs: 0 })
      const waiting = await stage.api('POST', '/calls', { to: CALLEE, timers: { streamSeconds: 2 } })
      const { body } = await stage.api('POST', '/calls', {
        to: limited.number,
        agent: 'speaker',
        timeLimitSeconds: 3,
      })
      await carrier.until(() => limited.call?.isStreaming === true)
      const from = clock.now()
      // The token of this one's stream was made before, and is shown after.
      const coming = carrier.caller('+15551110003')
      const dialled = coming.dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
      vi.setSystemTime(Date.now() + stepMs)
      const come = await dialled
      await carrier.until(() => come.isStreaming)
      expect(await stage.over(String(waiting.body['callSid']))).toMatchObject({ reason: 'stream never came' })
      const gaveUpMs = clock.now() - from
      expect(await stage.over(String(body['callSid']))).toMatchObject({ reason: 'time limit' })
      const limitMs = clock.now() - from
      expect([gaveUpMs, limitMs].map((ms) => Math.round(ms / 1_000))).toEqual([2, 3])
      for (const { call } of people) {
        const report = call.report()
        expect(report).toMatchObject({ underruns: 0, warnings: [] })
        expect(report.worstGapMs).toBeLessThanOrEqual(24)
        expect(report.heardMs).toBeGreaterThan(3_000)
      }
      // Three seconds, and no more ahead of them than ever.
      const sentMs = (limited.call?.report().bytes ?? 0) / 8
      expect(sentMs).toBeGreaterThan(2_900)
      expect(sentMs).toBeLessThan(3_500)
      await expectGoodEnd(stage, [...people, { caller: coming, call: come }])
      const [before = 0, after = 0] = [people[0]?.call, come].map((call) => startOf(stage, call))
      // The server has this date indeed.
      expect(Math.round((after - before) / HOUR_MS)).toBe(Math.sign(stepMs))
      return 'a stream given up after 2 s, a time limit kept at 3 s, a stream let in; 5 records'
    },
  }
}

const blocked: LoneFault = {
  name: 'the event loop is blocked for 500 ms',
  expected: 'not ready, and new calls refused, until it has been well for 2 s; the calls that there are go on',
  // It is the loop of all of them.
  others: 'two callers heard one gap each, and no other',
  befall: async () => {
    await using stage = await openStage()
    const people = await echoes(stage)
    await stage.clock.block(500)
    expect(await stage.api('GET', '/readyz')).toEqual({ status: 503, body: { status: 'overloaded' } })
    const dial = (number: string) => stage.carrier.caller(number).dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
    expect((await dial('+15551110003')).status).toBe('busy')
    expect(await stage.api('POST', '/calls', { to: CALLEE })).toMatchObject({
      status: 503,
      body: { code: 'NODE_OVERLOADED' },
    })
    await stage.clock.advance(2_100)
    expect((await stage.api('GET', '/readyz')).status).toBe(200)
    const late = await stage.caller('+15551110004')
    for (const { call } of people) expect(call.report()).toMatchObject({ underruns: 1, warnings: [] })
    await expectGoodEnd(stage, [...people, late])
    return 'a caller and a request to dial refused; ready again, and a call taken; 3 records'
  },
}

export const CLOCKS: readonly LoneFault[] = [
  clockSet('the wall clock is put forward by an hour', HOUR_MS),
  clockSet('the wall clock is put back by an hour', -HOUR_MS),
  blocked,
]
