import { describe, expect, it } from 'vitest'
import type { Agent } from '../../src/agents/agent.ts'
import { sine } from '../audio/signals.ts'
import { holdingAgent, openStage, type Stage, untilTheEnd } from './stage.ts'

const CALLEE = '+15552220001'

/** Says half a second, and then nothing more. */
const terse: Agent = async (call) => {
  await call.play(sine(440, 16_000, 8_000)).finished
  await untilTheEnd(call)
}

/** Speaks for eight seconds, twice. */
const chatty: Agent = async (call) => {
  for (let turn = 0; turn < 2; turn += 1) await call.play(sine(440, 16_000, 128_000)).finished
  await untilTheEnd(call)
}

/** An outgoing call with waits of its own, answered and streaming. */
async function answered(stage: Stage, timers: object, agent: string) {
  const callee = stage.carrier.callee(CALLEE)
  const { status } = await stage.api('POST', '/calls', { to: CALLEE, agent, timers })
  expect(status).toBe(201)
  const call = await callee.answers()
  await stage.carrier.until(() => call.isStreaming)
  const from = stage.clock.now()
  return { callee, call, seconds: () => (stage.clock.now() - from) / 1_000 }
}

describe('a call that waits for something', () => {
  it('rings no longer than it was told', async () => {
    await using stage = await openStage()
    stage.carrier.callee(CALLEE, { answersAfterMs: Number.POSITIVE_INFINITY })
    const { body } = await stage.api('POST', '/calls', { to: CALLEE, ringTimeoutSeconds: 7 })
    const from = stage.clock.now()
    expect(await stage.over(String(body['callSid']))).toMatchObject({ state: 'ended', reason: 'no answer' })
    expect((stage.clock.now() - from) / 1_000).toBeLessThan(9)
  })

  it('for its stream is given up after the time of its own', async () => {
    await using stage = await openStage()
    const callee = stage.carrier.callee(CALLEE, { streamNeverComes: true })
    const { body } = await stage.api('POST', '/calls', { to: CALLEE, timers: { streamSeconds: 4 } })
    await stage.carrier.until(() => callee.call?.answeredAt !== undefined)
    const from = stage.clock.now()
    expect(await stage.over(String(body['callSid']))).toMatchObject({ state: 'error', reason: 'stream never came' })
    expect((stage.clock.now() - from) / 1_000).toBeLessThan(5)
  })

  it('for media that have stopped takes the stream for lost after the time of its own', async () => {
    const { agent } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent } })
    const { callee, call } = await answered(stage, { silenceSeconds: 20 }, 'holding')
    call.mute()
    // Three seconds pass until it is noticed.
    await stage.clock.advance(22_000)
    expect(call.streams).toHaveLength(1)
    await stage.clock.advance(2_000)
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming)
    await callee.hangsUp()
    await stage.over(call.sid)
  })

  it('for its agent to say something hangs up on one that keeps silent', async () => {
    await using stage = await openStage({ agents: { terse } })
    const { call, seconds } = await answered(stage, { agentSilenceSeconds: 6 }, 'terse')
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent silent' })
    expect(seconds()).toBeGreaterThan(6.4)
    expect(seconds()).toBeLessThan(8)
  })

  it('for either side to speak counts from the end of what is heard, not from when it was sent', async () => {
    await using stage = await openStage({ agents: { chatty } })
    const { call, seconds } = await answered(stage, { idleSeconds: 5 }, 'chatty')
    // Far longer than the limit, but never quiet.
    await stage.clock.advance(14_000)
    expect(stage.view(call.sid).endedAt).toBeNull()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'idle' })
    expect(seconds()).toBeGreaterThan(20.5)
    expect(seconds()).toBeLessThan(23)
  })

  it('is not idle while the far end speaks', async () => {
    const { agent } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent } })
    const { callee, call } = await answered(stage, { idleSeconds: 4 }, 'holding')
    await callee.says(sine(300, 8_000, 48_000))
    expect(stage.view(call.sid).endedAt).toBeNull()
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'idle' })
  })

  it('lasts no longer than its limit, whatever its agent does', async () => {
    const { agent } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent } })
    const callee = stage.carrier.callee(CALLEE)
    const { body } = await stage.api('POST', '/calls', { to: CALLEE, agent: 'holding', timeLimitSeconds: 12 })
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    const from = stage.clock.now()
    const view = await stage.over(String(body['callSid']))
    expect(view).toMatchObject({ state: 'ended', reason: 'time limit', endedBy: 'system' })
    expect((stage.clock.now() - from) / 1_000).toBeLessThan(13)
  })

  it('takes the waits of the node where it has none of its own', async () => {
    const { agent } = holdingAgent()
    await using stage = await openStage({
      agents: { holding: agent },
      agent: 'holding',
      env: { CALLCHART_IDLE_SECONDS: '3' },
    })
    const { call } = await stage.caller()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'idle' })
  })

  it.each([
    [{ idleSeconds: -1 }, 'timers.idleSeconds'],
    [{ streamSeconds: 0 }, 'timers.streamSeconds'],
    [{ patience: 3 }, 'timers'],
  ])('is refused with waits that make no sense: %j', async (timers, place) => {
    await using stage = await openStage()
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE, timers })
    expect(status).toBe(400)
    expect(String(body['detail'])).toContain(place)
  })
})
