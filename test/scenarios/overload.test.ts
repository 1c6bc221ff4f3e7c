import { describe, expect, it } from 'vitest'
import type { SimulatedCall } from '../../src/simulator/call.ts'
import { sine } from '../audio/signals.ts'
import { holdingAgent, openStage, OUR_NUMBER, PUBLIC_URL, type Stage } from './stage.ts'

const CALLEE = '+15552220001'

/** A node whose one live call hears its agent speak for eight seconds. */
async function speaking(env: Readonly<Record<string, string>> = {}) {
  const { agent, calls } = holdingAgent()
  const stage = await openStage({ agents: { holding: agent }, agent: 'holding', env })
  const { caller, call } = await stage.caller()
  const [agentCall] = calls
  if (agentCall === undefined) throw new Error('the agent was not started')
  const from = stage.clock.now()
  const playback = agentCall.play(sine(440, 16_000, 128_000))
  await stage.clock.advance(1_000)
  return { stage, caller, call, agentCall, from, playback }
}

const ready = (stage: Stage) => stage.api('GET', '/readyz')
const dials = (stage: Stage, number = '+15551110002') =>
  stage.carrier.caller(number).dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })

/** How it sounded, without what the filter at our end adds to the last word. */
function heardOf(call: SimulatedCall) {
  const { underruns, heardMs } = call.report()
  return { underruns, heardMs: Math.floor(heardMs / 10) * 10 }
}

describe('an event loop that is blocked for half a second', () => {
  it('refuses whoever calls until it is well, and then takes calls again', async () => {
    const { stage, caller, call } = await speaking()
    await using _ = stage
    await stage.clock.block(500)
    expect(await ready(stage)).toEqual({ status: 503, body: { status: 'overloaded' } })
    expect((await dials(stage)).status).toBe('busy')
    await stage.clock.advance(2_100)
    expect(await ready(stage)).toEqual({ status: 200, body: { status: 'ready' } })
    const late = await stage.caller('+15551110003')
    for (const each of [late, { caller, call }]) {
      await each.caller.hangsUp()
      expect(await stage.over(each.call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    }
    const told = stage.log.filter(({ msg }) => msg.startsWith('the event loop'))
    expect(told.map(({ level, msg }) => [level, msg])).toEqual([
      [40, 'the event loop is late: new calls are refused until it keeps up'],
      [30, 'the event loop keeps up: new calls are taken again'],
    ])
  })

  it('refuses to dial, says when it is worth trying again, and counts all it refused', async () => {
    const { stage, caller, call } = await speaking()
    await using _ = stage
    await stage.clock.block(500)
    const answer = fetch(`${stage.url}/calls`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stage.apiToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: CALLEE }),
    })
    const response = await stage.meanwhile(answer)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await response.json()).toMatchObject({ code: 'NODE_OVERLOADED' })
    await expect(stage.switchboard.dial({ to: CALLEE })).rejects.toMatchObject({ code: 'NODE_OVERLOADED' })
    await dials(stage)
    const metrics = await stage.meanwhile(fetch(`${stage.url}/metrics`).then((got) => got.text()))
    expect(metrics).toContain('callchart_calls_rejected_total{reason="NODE_OVERLOADED"} 3')
    expect(stage.carrier.calls).toHaveLength(2)
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('is heard once in a live call, which neither drifts nor loses a word', async () => {
    const { stage, caller, call, from, playback } = await speaking()
    await using _ = stage
    await stage.clock.block(500)
    expect(await stage.meanwhile(playback.finished)).toEqual({ playedMs: 8_000, interrupted: false })
    const lateMs = stage.clock.now() - from - 8_000
    // What was in the carrier's hands meanwhile makes the gap shorter than the block.
    expect(lateMs).toBeGreaterThan(300)
    expect(lateMs).toBeLessThan(500)
    expect(heardOf(call)).toEqual({ underruns: 1, heardMs: 8_000 })
    await caller.hangsUp()
    expect((await stage.over(call.sid)).stats['underruns']).toBe(1)
  })

  it('goes on with the calls it has: a lost stream is replaced, and a webhook is answered as ever', async () => {
    const { stage, caller, call, playback } = await speaking()
    await using _ = stage
    await stage.clock.block(500)
    expect(await stage.meanwhile(stage.askAgain(call.sid, caller.number))).toContain('<Stream url=')
    call.loseStream()
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming)
    expect((await ready(stage)).status).toBe(503)
    expect((await stage.meanwhile(playback.finished)).interrupted).toBe(false)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('is drained and closed like any other', async () => {
    const { stage, call } = await speaking({ CALLCHART_DRAIN_SECONDS: '1' })
    await using _ = stage
    await stage.clock.block(500)
    await stage.meanwhile(stage.switchboard.drain())
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'draining' })
  })
})

describe('an event loop that is blocked for a moment', () => {
  it('of 80 ms is not heard at all, and refuses nobody', async () => {
    const { stage, caller, call, from, playback } = await speaking()
    await using _ = stage
    for (let time = 0; time < 10; time += 1) {
      await stage.clock.block(80)
      await stage.clock.advance(120)
    }
    expect((await ready(stage)).status).toBe(200)
    expect(await stage.meanwhile(playback.finished)).toEqual({ playedMs: 8_000, interrupted: false })
    expect(stage.clock.now() - from).toBeLessThan(8_100)
    expect(call.report()).toMatchObject({ underruns: 0, gaps: 0 })
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('of 250 ms is heard as one gap, and refuses nobody', async () => {
    const { stage, caller, call, from, playback } = await speaking()
    await using _ = stage
    await stage.clock.block(250)
    expect((await ready(stage)).status).toBe(200)
    await stage.meanwhile(playback.finished)
    expect(stage.clock.now() - from).toBeLessThan(8_250)
    expect(heardOf(call)).toEqual({ underruns: 1, heardMs: 8_000 })
    await caller.hangsUp()
    await stage.over(call.sid)
  })
})

describe('a node that is told to bear any lateness', () => {
  it('takes calls however late its event loop is', async () => {
    const { stage, caller, call } = await speaking({ CALLCHART_MAX_LATENESS_MS: '0' })
    await using _ = stage
    for (let time = 0; time < 3; time += 1) await stage.clock.block(1_000)
    expect((await ready(stage)).status).toBe(200)
    const second = await stage.caller('+15551110003')
    for (const each of [second, { caller, call }]) {
      await each.caller.hangsUp()
      await stage.over(each.call.sid)
    }
  })
})
