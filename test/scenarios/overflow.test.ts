import { describe, expect, it } from 'vitest'
import type { Call } from '../../src/agents/agent.ts'
import type { SimulatedCall } from '../../src/simulator/call.ts'
import { sine } from '../audio/signals.ts'
import { holdingAgent, openStage, type Stage } from './stage.ts'

const CALLEE = '+15552220001'
const CUT = { playedMs: 0, interrupted: true }

/** `seconds` of speech, as good as any here. */
const words = (seconds: number) => sine(440, 16_000, seconds * 16_000)

interface Talk {
  readonly stage: Stage
  readonly sid: string
  readonly call: SimulatedCall
  readonly agentCall: Call
  readonly hangUp: () => Promise<void>
}

/** An incoming call on a node with a policy of its own. */
async function talking(overflow?: string): Promise<Talk> {
  const { agent, calls } = holdingAgent()
  const stage = await openStage({
    agents: { holding: agent },
    agent: 'holding',
    ...(overflow === undefined ? {} : { env: { CALLCHART_OVERFLOW: overflow } }),
  })
  const { caller, call } = await stage.caller()
  const [agentCall] = calls
  if (agentCall === undefined) throw new Error('the agent was not started')
  return { stage, sid: call.sid, call, agentCall, hangUp: () => caller.hangsUp() }
}

describe('an agent that plays more than can be said', () => {
  it('is heard out to the last word, unless something else is asked for', async () => {
    const { stage, sid, call, agentCall, hangUp } = await talking()
    await using _ = stage
    const [, , last] = [agentCall.play(words(8)), agentCall.play(words(8)), agentCall.play(words(8))]
    expect(await stage.meanwhile(last.finished)).toEqual({ playedMs: 8_000, interrupted: false })
    expect(Math.floor(call.positionHeardMs / 100)).toBe(240)
    await hangUp()
    expect((await stage.over(sid)).stats['droppedMs']).toBe(0)
  })

  it('may have the oldest dropped: the newest is heard soon, each knows what became of it, and the record says how much', async () => {
    const { stage, sid, call, agentCall, hangUp } = await talking('drop-oldest')
    await using _ = stage
    const skipped: number[] = []
    agentCall.on('audio.skipped', ({ ms }) => skipped.push(ms))
    const [first, second, third] = [agentCall.play(words(6)), agentCall.play(words(3)), agentCall.play(words(3))]
    await stage.clock.advance(1_000)
    const last = agentCall.play(words(1))
    expect(await second.finished).toEqual(CUT)
    for (const [playback, ms] of [
      [first, 6_000],
      [third, 3_000],
      [last, 1_000],
    ] as const) {
      expect(await stage.meanwhile(playback.finished)).toEqual({ playedMs: ms, interrupted: false })
    }
    expect(skipped).toEqual([3_000])
    expect(call.report()).toMatchObject({ underruns: 0, gaps: 0 })
    await hangUp()
    const { state, reason, stats } = await stage.over(sid)
    expect([state, reason, stats['droppedMs'], stats['bargeIns']]).toEqual(['ended', 'caller hung up', 3_000, 0])
  })

  it('may have the call ended: by that reason, its leg hung up, and whoever waits for its words is told', async () => {
    const { stage, sid, call, agentCall } = await talking('end-call')
    await using _ = stage
    const overflows: string[] = []
    agentCall.on('queue.overflowed', ({ type }) => overflows.push(type))
    const [said, waiting] = [agentCall.play(words(6)), agentCall.play(words(6))]
    await stage.clock.advance(1_000)
    const last = agentCall.play(words(1))
    expect(overflows).toEqual(['queue.overflowed'])
    expect(await stage.over(sid)).toMatchObject({
      state: 'error',
      reason: 'queue overflow',
      cause: 'more waited to be said than the call allows',
      endedBy: 'system',
    })
    expect(call.endedBy).toBe('api')
    const outcomes = await Promise.all([said, waiting, last].map(({ finished }) => finished))
    expect(outcomes.map(({ interrupted }) => interrupted)).toEqual([true, true, true])
    expect(outcomes[0]?.playedMs).toBeGreaterThan(900)
    expect(outcomes[2]).toEqual(CUT)
  })

  it('on hold has what it would say afterwards kept within bounds, too', async () => {
    const { stage, sid, call, agentCall, hangUp } = await talking('drop-oldest')
    await using _ = stage
    agentCall.hold()
    await stage.clock.advance(500)
    const playbacks = [5, 4, 4, 4].map((seconds) => agentCall.play(words(seconds)))
    await stage.clock.advance(1_000)
    agentCall.resume()
    const results = await stage.meanwhile(Promise.all(playbacks.map(({ finished }) => finished)))
    expect(results.map(({ playedMs }) => playedMs)).toEqual([0, 4_000, 4_000, 4_000])
    expect(call.streams).toHaveLength(1)
    await hangUp()
    await stage.over(sid)
  })
})

describe('the policy of one call', () => {
  it('stands above that of the node', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent }, env: { CALLCHART_OVERFLOW: 'end-call' } })
    const callee = stage.carrier.callee(CALLEE)
    const asked = { to: CALLEE, agent: 'holding', overflow: 'drop-oldest' }
    expect((await stage.api('POST', '/calls', asked)).status).toBe(201)
    const call = await callee.answers()
    await stage.carrier.until(() => calls.length === 1)
    const playbacks = [20, 1].map((seconds) => calls[0]?.play(words(seconds)))
    expect((await stage.meanwhile(playbacks[1]?.finished ?? Promise.reject(new Error()))).interrupted).toBe(false)
    expect((await playbacks[0]?.finished)?.interrupted).toBe(true)
    await callee.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'callee hung up' })
  })

  it('is taken from whoever dials in a program of their own', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent } })
    const callee = stage.carrier.callee(CALLEE)
    const dialled = stage.switchboard.dial({ to: CALLEE, agent: 'holding', overflow: 'end-call' })
    const { callSid } = await stage.meanwhile(dialled)
    await callee.answers()
    await stage.carrier.until(() => calls.length === 1)
    for (const seconds of [20, 1]) calls[0]?.play(words(seconds))
    expect(await stage.over(callSid ?? '')).toMatchObject({ state: 'error', reason: 'queue overflow' })
  })

  it('must be one that there is', async () => {
    await using stage = await openStage()
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE, overflow: 'drop-newest' })
    expect([status, body['code']]).toEqual([400, 'BODY_INVALID'])
    expect(body['detail']).toContain('overflow')
  })
})
