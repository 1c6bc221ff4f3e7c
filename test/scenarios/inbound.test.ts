import { describe, expect, it } from 'vitest'
import { alignSpeech } from '../../src/audio/align.ts'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'
import { CALLER_SPEECH } from '../../src/cli/speech-files.ts'
import { holdingAgent, openStage, OUR_NUMBER, PUBLIC_URL } from './stage.ts'

describe('an inbound call', () => {
  it('is answered, echoes real speech without a flaw, and ends when the caller hangs up', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const speech = await loadSpeech(CALLER_SPEECH)
    await caller.says(speech)
    await stage.clock.advance(300)
    await caller.hangsUp()
    const view = await stage.over(call.sid)

    expect(view).toMatchObject({ state: 'ended', reason: 'caller hung up', direction: 'inbound', agent: 'echo' })
    expect(view).toMatchObject({ from: caller.number, to: OUR_NUMBER, cause: null })
    expect(view.id).toMatch(/^call_[a-z2-7]{20}$/)
    const { correlation, snrDb } = alignSpeech(speech, call.heard(), { maxLag: 16_000 })
    expect(correlation).toBeGreaterThan(0.98)
    expect(snrDb).toBeGreaterThanOrEqual(30)
    const report = call.report()
    expect(report.underruns).toBe(0)
    expect(report.roundTripMs?.p50).toBeLessThanOrEqual(45)
    expect(report.warnings).toEqual([])
    expect(view.stats).toMatchObject({ framesIn: report.framesSent, underruns: 0, malformed: 0, sequenceGaps: 0 })
  })

  it('ends for one caller while another talks on', async () => {
    await using stage = await openStage()
    const first = await stage.caller('+15551110001')
    const second = await stage.caller('+15551110002')
    await first.caller.hangsUp()
    await stage.over(first.call.sid)
    await stage.clock.advance(500)
    expect(stage.view(second.call.sid).state).toBe('active')
    await second.caller.hangsUp()
    expect(await stage.over(second.call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('is hung up when its agent returns, after the last word was heard', async () => {
    const tone = Int16Array.from({ length: 16_000 }, (_, i) => 8_000 * Math.sin((2 * Math.PI * 440 * i) / 16_000))
    await using stage = await openStage({ agent: 'brief', agents: { brief: async (call) => void call.play(tone) } })
    const { caller, call } = await stage.caller()
    await caller.isHungUpOn()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent finished' })
    expect(call.positionHeardMs).toBeGreaterThanOrEqual(1_000)
    expect(call.endedBy).toBe('api')
  })

  it('is rejected as busy when the node is full, and the next one is taken when there is room again', async () => {
    await using stage = await openStage({ env: { CALLCHART_MAX_CALLS: '1' } })
    const first = await stage.caller('+15551110001')
    expect((await stage.api('GET', '/readyz')).status).toBe(503)
    const refused = await stage.carrier.caller('+15551110002').dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
    expect(refused.status).toBe('busy')
    await first.caller.hangsUp()
    await stage.over(first.call.sid)
    expect((await stage.api('GET', '/readyz')).status).toBe(200)
    const third = await stage.caller('+15551110003')
    await third.caller.hangsUp()
    await stage.over(third.call.sid)
  })

  it('gives the agent its digits in order, keeps them out of the log, and counts them', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agent: 'holding', agents: { holding: agent } })
    const { caller, call } = await stage.caller()
    const heard: string[] = []
    const reading = (async () => {
      for await (const digit of calls[0]?.digits() ?? []) heard.push(digit)
    })()
    await caller.presses('31415926#')
    await stage.clock.advance(100)
    await caller.hangsUp()
    const view = await stage.over(call.sid)
    await reading
    expect(heard.join('')).toBe('31415926#')
    expect(view.stats['digits']).toBe(9)
    expect(JSON.stringify(stage.log)).not.toContain('31415926')
  })

  it('ends as "silence" when the line goes dead and no fresh stream revives it', async () => {
    await using stage = await openStage()
    const { call } = await stage.caller()
    const muteEveryStream = () => {
      call.mute()
      return call.isOver
    }
    await stage.carrier.until(muteEveryStream, { timeoutMs: 120_000 })
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'silence' })
    expect(call.streams).toHaveLength(3)
  })

  it('ends at its time limit', async () => {
    await using stage = await openStage({ timing: { limitMs: 5_000 } })
    const { call } = await stage.caller()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'time limit' })
  })
})
