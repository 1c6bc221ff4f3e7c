import { describe, expect, it } from 'vitest'
import { holdingAgent, openStage } from './stage.ts'

async function talking() {
  const { agent, calls } = holdingAgent()
  const stage = await openStage({ agents: { holding: agent }, agent: 'holding' })
  const { caller, call } = await stage.caller()
  const agentCall = calls[0]
  if (agentCall === undefined) throw new Error('the agent was not started')
  const edges: string[] = []
  agentCall.on('recording.changed', ({ status }) => edges.push(status))
  return { stage, caller, call, agentCall, edges }
}

describe("a call's recording at the carrier", () => {
  it('is started, paused, resumed and stopped by the agent, and told in the record when it is ready', async () => {
    const { stage, call, caller, agentCall, edges } = await talking()
    await using _ = stage
    agentCall.recording.start()
    await stage.carrier.until(() => edges.includes('in-progress'))
    await stage.clock.advance(4_000)
    agentCall.recording.pause()
    await stage.carrier.until(() => edges.includes('paused'))
    await stage.clock.advance(4_000)
    agentCall.recording.resume()
    await stage.carrier.until(() => edges.length === 3)
    await stage.clock.advance(2_000)
    agentCall.recording.stop()
    await stage.carrier.until(() => edges.includes('stopped'))
    expect(edges).toEqual(['in-progress', 'paused', 'in-progress', 'stopped'])
    await stage.carrier.until(() => stage.view(call.sid).recordings[0]?.status === 'completed')
    const [recording] = stage.view(call.sid).recordings
    expect(recording).toMatchObject({ recordingSid: call.recordings[0]?.sid })
    expect(recording?.url).toMatch(/^https?:\/\/.*RE[0-9a-f]{32}/)
    // The pause is silence in it, as long as it was.
    expect(recording?.durationSeconds).toBeGreaterThanOrEqual(9)
    expect(recording?.durationSeconds).toBeLessThanOrEqual(12)
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('ends with the call, and is told in its record although that is closed by then', async () => {
    const { stage, call, caller, edges } = await talking()
    await using _ = stage
    expect((await stage.api('POST', `/calls/${call.sid}/recording`, { channels: 'dual' })).status).toBe(200)
    await stage.carrier.until(() => edges.includes('in-progress'))
    await stage.clock.advance(3_000)
    await caller.hangsUp()
    await stage.over(call.sid)
    await stage.carrier.until(() => stage.view(call.sid).recordings[0]?.status === 'completed')
    expect(stage.view(call.sid).recordings).toHaveLength(1)
  })

  it('is paused and stopped by the API, which says so when that makes no sense', async () => {
    const { stage, call, caller, edges } = await talking()
    await using _ = stage
    const path = `/calls/${call.sid}/recording`
    const busy = { status: 409, body: { code: 'CALL_BUSY' } }
    expect(await stage.api('DELETE', path)).toMatchObject(busy)
    expect((await stage.api('POST', path)).status).toBe(200)
    expect(await stage.api('POST', path)).toMatchObject(busy)
    await stage.carrier.until(() => edges.includes('in-progress'))
    expect((await stage.api('PATCH', path, { status: 'paused' })).status).toBe(200)
    await stage.carrier.until(() => edges.includes('paused'))
    expect((await stage.api('PATCH', path, { status: 'in-progress' })).status).toBe(200)
    await stage.carrier.until(() => edges.length === 3)
    expect((await stage.api('PATCH', path, { status: 'backwards' })).status).toBe(400)
    expect((await stage.api('DELETE', path)).status).toBe(200)
    await stage.carrier.until(() => edges.includes('stopped'))
    // It may be started anew.
    expect((await stage.api('POST', path)).status).toBe(200)
    await stage.carrier.until(() => edges.length === 5)
    await caller.hangsUp()
    await stage.over(call.sid)
    await stage.carrier.until(() => stage.view(call.sid).recordings.length === 2)
  })

  it('may be started again by an agent that hears of its end just then', async () => {
    const { stage, call, caller, agentCall, edges } = await talking()
    await using _ = stage
    agentCall.on('recording.changed', ({ status }) => {
      if (status === 'stopped') agentCall.recording.start()
    })
    agentCall.recording.start()
    await stage.carrier.until(() => edges.includes('in-progress'))
    agentCall.recording.stop()
    await stage.carrier.until(() => edges.length === 3)
    expect(edges).toEqual(['in-progress', 'stopped', 'in-progress'])
    expect(call.recordings).toHaveLength(2)
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('may be started again by an agent that hears just then that it was refused', async () => {
    const { stage, call, caller, agentCall, edges } = await talking()
    await using _ = stage
    stage.carrier.rest.answerNext({ operation: 'startRecording', status: 400, body: { code: 21_220, message: 'no' } })
    agentCall.on('recording.changed', ({ status }) => {
      if (status === 'refused') agentCall.recording.start()
    })
    agentCall.recording.start()
    await stage.carrier.until(() => edges.length === 2)
    expect(edges).toEqual(['refused', 'in-progress'])
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('that the carrier refuses is told to the agent, and the call goes on', async () => {
    const { stage, call, caller, agentCall, edges } = await talking()
    await using _ = stage
    stage.carrier.rest.answerNext({ operation: 'startRecording', status: 400, body: { code: 21_220, message: 'no' } })
    const told: (string | undefined)[] = []
    agentCall.on('recording.changed', ({ cause }) => told.push(cause))
    agentCall.recording.start()
    await stage.carrier.until(() => edges.length > 0)
    expect(edges).toEqual(['refused'])
    expect(told[0]).toContain('21220')
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', recordings: [] })
    agentCall.recording.start()
    await stage.carrier.until(() => edges.includes('in-progress'))
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('that may have been started although no usable answer came is not told as refused', async () => {
    const { stage, call, caller, agentCall, edges } = await talking()
    await using _ = stage
    stage.carrier.rest.answerNext({ operation: 'startRecording', status: 500, takesEffect: true })
    agentCall.recording.start()
    await stage.carrier.until(() => edges.length > 0)
    expect(edges).toEqual(['unknown'])
    // The carrier tells of it otherwise.
    await stage.carrier.until(() => stage.view(call.sid).recordings.length > 0)
    expect(stage.view(call.sid).recordings).toMatchObject([{ recordingSid: call.recordings[0]?.sid }])
    await caller.hangsUp()
    await stage.over(call.sid)
  })
})
