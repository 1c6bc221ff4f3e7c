import { describe, expect, it } from 'vitest'
import { holdingAgent, openStage } from './stage.ts'

describe('a lost media stream', () => {
  it('is replaced by a fresh one while the same call and the same agent go on', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agent: 'holding', agents: { holding: agent } })
    const { caller, call } = await stage.caller()
    const edges: string[] = []
    calls[0]?.on('stream.lost', (edge) => edges.push(edge.type))
    calls[0]?.on('stream.started', (edge) => edges.push(edge.type))
    call.loseStream()
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming)
    await stage.clock.advance(200)
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
    expect(calls).toHaveLength(1)
    expect(edges).toEqual(['stream.lost', 'stream.started'])

    const played = calls[0]?.play(new Int16Array(8_000).fill(5_000))
    expect((await stage.meanwhile(played?.finished ?? Promise.reject(new Error()))).interrupted).toBe(false)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('that says "stop" is not lost: the caller hung up', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    expect(call.streams).toHaveLength(1)
  })
})

describe('the same webhook again', () => {
  it('is the same call, however often it comes', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const repeated = Array.from({ length: 10 }, () => stage.askAgain(call.sid, caller.number))
    const answers = await stage.meanwhile(Promise.all(repeated))
    expect(stage.views()).toHaveLength(1)
    // The call's token is spent, so each answer brings the one fresh token there is.
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('<Stream url="wss://calls.test/ws">')
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('for a call that is over is answered with a hangup', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    await caller.hangsUp()
    await stage.over(call.sid)
    expect(await stage.meanwhile(stage.askAgain(call.sid, caller.number))).toContain('<Hangup/>')
    expect(stage.views()).toHaveLength(1)
  })
})
