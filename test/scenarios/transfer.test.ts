import { describe, expect, it } from 'vitest'
import type { Agent, Call, TransferResult } from '../../src/agents/agent.ts'
import { CALLEE_SPEECH, CALLER_SPEECH } from '../../src/cli/speech-files.ts'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'
import { sine } from '../audio/signals.ts'
import { holdingAgent, openStage, PUBLIC_URL } from './stage.ts'

const TARGET = '+15553330001'
const CALLER = '+15551110001'

/** Hands every call over at once, and tells how that came out; then waits for the end. */
function operatorFor(to: string, options: { readonly says?: Int16Array; readonly ringTimeoutSeconds?: number } = {}) {
  const results: TransferResult[] = []
  const calls: Call[] = []
  const agent: Agent = async (call) => {
    calls.push(call)
    if (options.says !== undefined) call.play(options.says)
    const { ringTimeoutSeconds } = options
    results.push(await call.transfer(to, ringTimeoutSeconds === undefined ? {} : { ringTimeoutSeconds }))
    if (!call.signal.aborted) await call.play(sine(500, 16_000, 8_000)).finished
  }
  return { agent, calls, results }
}

describe('a call that is handed over', () => {
  it('reaches the other one, who talks with the caller, and ends as transferred when they are through', async () => {
    const { agent, results } = operatorFor(TARGET)
    await using stage = await openStage({ agents: { operator: agent }, agent: 'operator' })
    const target = stage.carrier.callee(TARGET)
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml` })
    const bridged = await target.answers()
    expect(bridged.from).toBe('+15550100000')
    const [question, answer] = [await loadSpeech(CALLER_SPEECH), await loadSpeech(CALLEE_SPEECH)]
    await caller.says(question)
    await target.hears(question)
    await target.says(answer)
    await caller.hears(answer)
    await target.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'transferred', endedBy: 'agent' })
    expect(results).toEqual([{ outcome: 'completed', cause: undefined }])
    const { transfers, streamSids } = stage.view(call.sid)
    expect(transfers).toEqual([expect.objectContaining({ to: TARGET, outcome: 'completed' })])
    expect(transfers[0]?.answeredAt).not.toBeNull()
    expect(streamSids).toHaveLength(1)
    // The stream ended with a stop, in good order.
    expect(call.streams[0]?.end).toMatchObject({ by: 'carrier' })
  })

  it.each([
    ['busy', 'busy'],
    ['no-answer', 'no-answer'],
    ['failed', 'failed'],
  ] as const)('comes back to its agent when the other one is %s', async (plan, outcome) => {
    const { agent, results, calls } = operatorFor(TARGET, { ringTimeoutSeconds: 6 })
    await using stage = await openStage({ agents: { operator: agent }, agent: 'operator' })
    stage.carrier.callee(TARGET, plan)
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml` })
    await stage.carrier.until(() => results.length > 0)
    expect(results[0]?.outcome).toBe(outcome)
    // It goes on where it stands: half a second of tone, over a fresh stream, and then the end.
    const heard = await caller.hears(sine(500, 8_000, 2_400))
    expect(heard.correlation).toBeGreaterThan(0.9)
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent finished' })
    expect(calls).toHaveLength(1)
    expect(call.streams).toHaveLength(2)
    expect(stage.view(call.sid).transfers).toEqual([expect.objectContaining({ outcome })])
  })

  it('hears the agent’s last words before it goes', async () => {
    const words = await loadSpeech(CALLEE_SPEECH)
    const { agent } = operatorFor(TARGET, { says: sine(700, 16_000, 32_000) })
    await using stage = await openStage({ agents: { operator: agent }, agent: 'operator' })
    const target = stage.carrier.callee(TARGET)
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml` })
    await caller.hears(sine(700, 8_000, 12_000))
    await target.answers()
    expect(call.positionHeardMs).toBeGreaterThanOrEqual(1_980)
    await caller.says(words)
    await target.hears(words)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'transferred' })
    await target.isHungUpOn()
  })

  it('ends as hung up by the caller who does not wait for an answer, and the other telephone stops ringing', async () => {
    const { agent, results } = operatorFor(TARGET)
    await using stage = await openStage({ agents: { operator: agent }, agent: 'operator' })
    const target = stage.carrier.callee(TARGET, { answersAfterMs: Number.POSITIVE_INFINITY })
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml` })
    await stage.carrier.until(() => target.call?.status === 'ringing')
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    expect(results).toEqual([{ outcome: 'canceled', cause: 'the call is over' }])
    expect(target.call?.isOver).toBe(true)
  })

  it('stays with its agent when the carrier will not do it', async () => {
    const { agent, results } = operatorFor(TARGET)
    await using stage = await openStage({ agents: { operator: agent }, agent: 'operator' })
    stage.carrier.rest.answerNext({ operation: 'update', status: 400, body: { code: 21_218, message: 'no' } })
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml` })
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent finished' })
    expect(results[0]).toMatchObject({ outcome: 'refused' })
    expect(results[0]?.cause).toContain('21218')
    expect(call.streams).toHaveLength(1)
  })

  it('is not to go where nobody may be dialled, whoever asks', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent }, agent: 'holding' })
    const { caller, call } = await stage.caller()
    await expect(calls[0]?.transfer('+19005550001')).rejects.toMatchObject({ code: 'DESTINATION_NOT_ALLOWED' })
    await expect(calls[0]?.transfer('sip:agent@example.com')).rejects.toMatchObject({ code: 'DESTINATION_NOT_ALLOWED' })
    await expect(calls[0]?.transfer('911')).rejects.toMatchObject({ code: 'TRANSFER_TARGET_INVALID' })
    expect(await stage.api('POST', `/calls/${call.sid}/transfer`, { to: '+442079460000' })).toMatchObject({
      status: 403,
      body: { code: 'DESTINATION_NOT_ALLOWED' },
    })
    expect(call.isStreaming).toBe(true)
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('by the API goes at once, to a SIP address too, and a second wish is refused meanwhile', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({
      agents: { holding: agent },
      agent: 'holding',
      env: { CALLCHART_ALLOWED_SIP_DOMAINS: 'pbx.example.com' },
    })
    const target = stage.carrier.callee('sip:desk@pbx.example.com')
    const { call } = await stage.caller()
    const edges: string[] = []
    calls[0]?.on('transfer.started', ({ type }) => edges.push(type))
    calls[0]?.on('transfer.ended', ({ type, outcome }) => edges.push(`${type} ${outcome}`))
    const asked = await stage.api('POST', `/calls/${call.sid}/transfer`, { to: 'sip:desk@pbx.example.com' })
    expect(asked.status).toBe(202)
    expect(await stage.api('POST', `/calls/${call.sid}/transfer`, { to: TARGET })).toMatchObject({
      status: 409,
      body: { code: 'CALL_BUSY' },
    })
    await target.answers()
    await stage.clock.advance(3_000)
    expect(stage.view(call.sid)).toMatchObject({ state: 'active' })
    await target.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'transferred' })
    expect(edges).toEqual(['transfer.started', 'transfer.ended completed'])
  })

  it('by the API is cut short in what it was told, and does not hear the rest when it comes back', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent }, agent: 'holding' })
    stage.carrier.callee(TARGET, 'busy')
    const { caller, call } = await stage.caller()
    const playback = calls[0]?.play(sine(500, 16_000, 80_000))
    await stage.carrier.until(() => call.positionHeardMs >= 1_000)
    expect((await stage.api('POST', `/calls/${call.sid}/transfer`, { to: TARGET })).status).toBe(202)
    const result = await stage.meanwhile(playback?.finished ?? Promise.reject(new Error('nothing was played')))
    expect(result.interrupted).toBe(true)
    expect(result.playedMs).toBeLessThan(2_000)
    const heardMs = call.positionHeardMs
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming)
    await stage.clock.advance(3_000)
    expect(call.positionHeardMs).toBe(heardMs)
    expect(calls[0]?.stats).toMatchObject({ bargeIns: 0 })
    // What is said from now on is heard.
    calls[0]?.play(sine(700, 16_000, 16_000))
    await caller.hears(sine(700, 8_000, 6_000))
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'caller hung up' })
  })

  it('goes on talking with the other one although the carrier never told of an answer', async () => {
    const { agent, results } = operatorFor(TARGET, { ringTimeoutSeconds: 6 })
    await using stage = await openStage({
      agents: { operator: agent },
      agent: 'operator',
      carrier: { callbacks: { never: true } },
    })
    const target = stage.carrier.callee(TARGET)
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml` })
    await target.answers()
    await stage.clock.advance(60_000)
    expect(call).toMatchObject({ isBridged: true, isOver: false })
    await target.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'transferred' })
    expect(results).toEqual([{ outcome: 'completed', cause: undefined }])
  })

  it('has been transferred when the far end hangs up, although nobody told of an answer', async () => {
    const { agent, results } = operatorFor(TARGET, { ringTimeoutSeconds: 6 })
    await using stage = await openStage({
      agents: { operator: agent },
      agent: 'operator',
      carrier: { callbacks: { delayMs: 30_000 } },
    })
    const target = stage.carrier.callee(TARGET)
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml` })
    await target.answers()
    await stage.clock.advance(20_000)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'transferred' })
    expect(results).toEqual([{ outcome: 'completed', cause: 'the call is over' }])
  })

  it('that comes back is taken by another agent, if one was named', async () => {
    const { agent: first, calls } = holdingAgent()
    const { agent: second, calls: taken } = holdingAgent()
    await using stage = await openStage({ agents: { first, second }, agent: 'first' })
    stage.carrier.callee(TARGET, 'busy')
    const { caller, call } = await stage.caller()
    const asked = await stage.api('POST', `/calls/${call.sid}/transfer`, { to: TARGET, agent: 'second' })
    expect(asked.status).toBe(202)
    await stage.carrier.until(() => taken.length === 1 && call.streams.length === 2 && call.isStreaming)
    expect(calls[0]?.signal.aborted).toBe(true)
    expect(taken[0]?.id).toBe(calls[0]?.id)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'caller hung up' })
    expect(await stage.api('POST', `/calls/${call.sid}/transfer`, { to: TARGET })).toMatchObject({
      status: 409,
      body: { code: 'CALL_OVER' },
    })
  })

  it('is hung up by the API while the other telephone rings, and that one too', async () => {
    const { agent } = operatorFor(TARGET)
    await using stage = await openStage({ agents: { operator: agent }, agent: 'operator' })
    const target = stage.carrier.callee(TARGET, { answersAfterMs: Number.POSITIVE_INFINITY })
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml` })
    await stage.carrier.until(() => target.call?.status === 'ringing')
    expect(await stage.api('DELETE', `/calls/${call.sid}`)).toMatchObject({ body: { reason: 'hung up by API' } })
    await stage.carrier.until(() => target.call?.isOver === true)
  })
})
