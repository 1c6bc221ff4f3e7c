import { describe, expect, it } from 'vitest'
import { CALLER_SPEECH } from '../../src/cli/speech-files.ts'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'
import { rms, sine } from '../audio/signals.ts'
import { holdingAgent, openStage } from './stage.ts'

const FRAME = 160

async function talking() {
  const { agent, calls } = holdingAgent()
  const stage = await openStage({ agents: { holding: agent }, agent: 'holding' })
  const { caller, call } = await stage.caller()
  const agentCall = calls[0]
  if (agentCall === undefined) throw new Error('the agent was not started')
  return { stage, caller, call, agentCall }
}

/** Levels of the last `ms` that the person heard, frame by frame. */
function levels(heard: Int16Array, ms: number): number[] {
  const last = heard.subarray(Math.max(0, heard.length - ms * 8))
  return Array.from({ length: Math.floor(last.length / FRAME) }, (_, index) =>
    rms(last.subarray(index * FRAME, (index + 1) * FRAME)),
  )
}

describe('a call on hold', () => {
  it('keeps its stream, hears the tune without a gap, and its agent hears nothing', async () => {
    const { stage, caller, call, agentCall } = await talking()
    await using _ = stage
    let heardByAgent = 0
    agentCall.onAudio((pcm) => {
      heardByAgent = Math.max(heardByAgent, rms(pcm))
    })
    const edges: string[] = []
    for (const type of ['hold.started', 'hold.ended', 'speech.started', 'digit.received'] as const) {
      agentCall.on(type, () => edges.push(type))
    }
    expect((await stage.api('POST', `/calls/${call.sid}/hold`)).status).toBe(200)
    await caller.says(await loadSpeech(CALLER_SPEECH))
    await caller.presses('5')
    await stage.clock.advance(1_000)
    expect(heardByAgent).toBe(0)
    expect(edges).toEqual(['hold.started'])
    // The tune has pauses of its own, but none of a second.
    const sounds = levels(call.heard(), 4_000).map((level) => level > 20)
    expect(sounds.filter(Boolean).length).toBeGreaterThan(100)
    expect(call.streams).toHaveLength(1)
    expect(call.report().underruns).toBe(0)

    expect((await stage.api('DELETE', `/calls/${call.sid}/hold`)).status).toBe(200)
    await stage.clock.advance(400)
    expect(Math.max(...levels(call.heard(), 200))).toBeLessThan(20)
    await caller.says(await loadSpeech(CALLER_SPEECH))
    expect(heardByAgent).toBeGreaterThan(500)
    expect(edges).toContain('hold.ended')
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('hears afterwards what the agent was about to say, all of it and once', async () => {
    const { stage, caller, call, agentCall } = await talking()
    await using _ = stage
    const words = await loadSpeech(CALLER_SPEECH)
    const playback = agentCall.play(words, { rate: 8_000 })
    await stage.clock.advance(1_000)
    agentCall.hold({ audio: sine(350, 16_000, 16_000), rate: 16_000 })
    await stage.clock.advance(3_000)
    agentCall.resume()
    const { interrupted, playedMs } = await stage.meanwhile(playback.finished)
    expect(interrupted).toBe(false)
    expect(Math.abs(playedMs - words.length / 8)).toBeLessThan(60)
    // What was heard before and after the hold makes up the whole.
    const heardMs = call.positionHeardMs
    expect(heardMs).toBeGreaterThan(words.length / 8 + 2_500)
    expect(heardMs).toBeLessThan(words.length / 8 + 3_500)
    await caller.hangsUp()
    await stage.over(call.sid)
    expect(stage.view(call.sid).stats).toMatchObject({ bargeIns: 0 })
  })

  it('that loses its stream hears the tune on the fresh one', async () => {
    const { stage, caller, call, agentCall } = await talking()
    await using _ = stage
    agentCall.hold()
    await stage.clock.advance(1_000)
    call.loseStream()
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming)
    await stage.clock.advance(2_000)
    expect(Math.max(...levels(call.heard(), 1_000))).toBeGreaterThan(20)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('can be hung up, by its agent who has finished too', async () => {
    const { stage, call, agentCall } = await talking()
    await using _ = stage
    agentCall.hold()
    await stage.clock.advance(500)
    agentCall.hangUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent finished' })
    expect(await stage.api('POST', `/calls/${call.sid}/hold`)).toMatchObject({
      status: 409,
      body: { code: 'CALL_OVER' },
    })
  })
})
