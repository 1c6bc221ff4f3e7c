import { describe, expect, it } from 'vitest'
import type { Agent } from '../../src/agents/agent.ts'
import { collectDigits, type CollectedDigits } from '../../src/agents/collect-digits.ts'
import { leaveMessageAfterBeep, type LeftMessage } from '../../src/agents/leave-message.ts'
import { loadPrompt, loadTelephoneSpeech } from '../../src/audio/prompt.ts'
import type { CalleePlan } from '../../src/simulator/callee.ts'
import { openStage } from '../scenarios/stage.ts'

const CALLEE = '+15552220001'
const SPEECH = new URL('../../src/examples/speech/', import.meta.url)
const WELCOME = await loadPrompt(new URL('welcome.wav', SPEECH).pathname)
const MENU = await loadTelephoneSpeech(new URL('menu.wav', SPEECH).pathname)

describe('a message', () => {
  it.each<[string, CalleePlan, 'enable' | 'detectMessageEnd', LeftMessage, number]>([
    [
      'after the beep that it hears itself',
      { answeredBy: 'machine', greeting: MENU },
      'enable',
      { left: true, answeredBy: 'machine_start', by: 'beep' },
      MENU.length / 8 + 400,
    ],
    [
      'after a greeting without a beep',
      { answeredBy: 'machine', greeting: MENU, beeps: false },
      'enable',
      { left: true, answeredBy: 'machine_start', by: 'silence' },
      MENU.length / 8,
    ],
    [
      'after the beep of which the carrier tells',
      { answeredBy: 'machine', greeting: MENU },
      'detectMessageEnd',
      { left: true, answeredBy: 'machine_end_beep', by: 'beep' },
      MENU.length / 8 + 400,
    ],
  ])('is left %s, whole and not into the greeting', async (_, plan, machineDetection, expected, endsAtMs) => {
    const results: LeftMessage[] = []
    const agent: Agent = async (call) => {
      results.push(await leaveMessageAfterBeep(call, WELCOME))
    }
    await using stage = await openStage({ agents: { agent } })
    stage.carrier.callee(CALLEE, plan)
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: CALLEE, agent: 'agent', machineDetection }))
    await expect(stage.meanwhile(dialled.ended)).resolves.toMatchObject({ reason: 'agent finished' })
    expect(results).toEqual([expected])
    const heard = stage.carrier.calls[0]?.heard() ?? new Int16Array()
    const beganAtMs = heard.findIndex((sample) => Math.abs(sample) > 300) / 8
    expect(beganAtMs).toBeGreaterThanOrEqual(endsAtMs)
    expect(beganAtMs).toBeLessThan(endsAtMs + 2_500)
    expect(heard.length / 8 - beganAtMs).toBeGreaterThan(3_000)
  })

  it('is not left with a human', async () => {
    const results: LeftMessage[] = []
    const agent: Agent = async (call) => {
      results.push(await leaveMessageAfterBeep(call, WELCOME))
    }
    await using stage = await openStage({ agents: { agent } })
    stage.carrier.callee(CALLEE, { answeredBy: 'human' })
    const dialled = await stage.meanwhile(
      stage.switchboard.dial({ to: CALLEE, agent: 'agent', machineDetection: 'enable' }),
    )
    await stage.meanwhile(dialled.ended)
    expect(results).toEqual([{ left: false, answeredBy: 'human', by: 'human' }])
  })
})

describe('digits', () => {
  it('are asked for, over a prompt that they cut', async () => {
    const results: CollectedDigits[] = []
    const agent: Agent = async (call) => {
      results.push(await collectDigits(call, { prompt: WELCOME, length: 4 }))
    }
    await using stage = await openStage({ agents: { agent }, agent: 'agent' })
    const { caller, call } = await stage.caller()
    await stage.clock.advance(1_000)
    await caller.presses('12#')
    await stage.over(call.sid)
    expect(results).toEqual([{ digits: '12', endedBy: 'terminator' }])
    expect(call.heard().length / 8).toBeLessThan(3_000)
  })

  it('that never come are waited for as long as was said, on the call’s own clock', async () => {
    const results: CollectedDigits[] = []
    const agent: Agent = async (call) => {
      results.push(await collectDigits(call, { timeoutMs: 20_000 }))
    }
    await using stage = await openStage({ agents: { agent }, agent: 'agent' })
    const begin = stage.clock.now()
    const { call } = await stage.caller()
    await stage.over(call.sid)
    expect(results).toEqual([{ digits: '', endedBy: 'timeout' }])
    expect(stage.clock.now() - begin).toBeGreaterThanOrEqual(20_000)
    expect(stage.clock.now() - begin).toBeLessThan(24_000)
  })
})
