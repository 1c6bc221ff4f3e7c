import { describe, expect, it } from 'vitest'
import type { Agent } from '../../src/agents/agent.ts'
import { type LeftMessage, leaveMessageAfterBeep } from '../../src/agents/leave-message.ts'
import { CALLEE_SPEECH, CALLER_SPEECH } from '../../src/cli/speech-files.ts'
import type { CalleePlan } from '../../src/simulator/callee.ts'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'
import { openStage, type Stage } from './stage.ts'

const CALLEE = '+15552220001'

/** Leaves a message with every machine, and says how it went. */
async function messenger() {
  const message = await loadSpeech(CALLEE_SPEECH)
  const told: string[] = []
  const results: LeftMessage[] = []
  const agent: Agent = async (call) => {
    call.on('answered.by', ({ answeredBy }) => told.push(answeredBy))
    results.push(await leaveMessageAfterBeep(call, message, { rate: 8_000 }))
  }
  return { agent, message, told, results }
}

async function dial(stage: Stage, plan: CalleePlan, machineDetection: string) {
  const callee = stage.carrier.callee(CALLEE, plan)
  const { status, body } = await stage.api('POST', '/calls', { to: CALLEE, agent: 'messenger', machineDetection })
  expect(status).toBe(201)
  const call = await callee.answers()
  await stage.carrier.until(() => call.isStreaming)
  return { callee, call, id: String(body['id']) }
}

describe('a call that asks who has answered', () => {
  it('leaves its message after the beep, whole, and its record says what answered', async () => {
    const { agent, message, told, results } = await messenger()
    await using stage = await openStage({ agents: { messenger: agent } })
    const greeting = await loadSpeech(CALLER_SPEECH)
    const plan: CalleePlan = { answeredBy: 'machine', greeting, greetingMs: 6_000 }
    const { callee, call } = await dial(stage, plan, 'detectMessageEnd')
    const { atMs } = await callee.hears(message, { withinMs: 30_000 })
    expect(await stage.over(call.sid)).toMatchObject({
      state: 'ended',
      reason: 'agent finished',
      answeredBy: 'machine_end_beep',
    })
    expect(told).toEqual(['machine_end_beep'])
    expect(results).toEqual([{ left: true, answeredBy: 'machine_end_beep', by: 'beep' }])
    // Not a word of it before the beep.
    expect(atMs).toBeGreaterThan(6_400)
  })

  it('hears by itself when a machine is through that was noticed at its first words', async () => {
    const { agent, message, results } = await messenger()
    await using stage = await openStage({ agents: { messenger: agent } })
    const greeting = await loadSpeech(CALLER_SPEECH)
    const { callee, call } = await dial(stage, { answeredBy: 'machine', greeting, greetingMs: 6_000 }, 'enable')
    const { atMs } = await callee.hears(message, { withinMs: 30_000 })
    expect(await stage.over(call.sid)).toMatchObject({ answeredBy: 'machine_start', reason: 'agent finished' })
    expect(results).toEqual([{ left: true, answeredBy: 'machine_start', by: 'beep' }])
    expect(atMs).toBeGreaterThan(6_300)
  })

  it('leaves it with a machine that never beeps, once that is silent', async () => {
    const { agent, message, results } = await messenger()
    await using stage = await openStage({ agents: { messenger: agent } })
    const plan: CalleePlan = { answeredBy: 'machine', greetingMs: 4_000, beeps: false }
    const { callee, call } = await dial(stage, plan, 'detectMessageEnd')
    await callee.hears(message, { withinMs: 30_000 })
    expect(await stage.over(call.sid)).toMatchObject({ answeredBy: 'machine_end_silence' })
    expect(results).toEqual([{ left: true, answeredBy: 'machine_end_silence', by: 'silence' }])
  })

  it('leaves nothing with a human, and lets the agent talk', async () => {
    const { agent, results } = await messenger()
    await using stage = await openStage({ agents: { messenger: agent } })
    const { call } = await dial(stage, { answeredBy: 'human' }, 'enable')
    expect(await stage.over(call.sid)).toMatchObject({ answeredBy: 'human', reason: 'agent finished' })
    expect(results).toEqual([{ left: false, answeredBy: 'human', by: 'human' }])
    expect(call.positionHeardMs).toBe(0)
  })

  it('goes by its ears when the verdict never comes', async () => {
    const { agent, message, results } = await messenger()
    await using stage = await openStage({ agents: { messenger: agent } })
    const plan: CalleePlan = { answeredBy: 'machine', greetingMs: 33_000, detectionCallbacks: { never: true } }
    const { callee, call } = await dial(stage, plan, 'detectMessageEnd')
    await callee.hears(message, { withinMs: 60_000 })
    expect(await stage.over(call.sid)).toMatchObject({ answeredBy: null, reason: 'agent finished' })
    expect(results[0]).toMatchObject({ left: true, answeredBy: undefined })
  })

  it('learns of a verdict twice and late without harm, after the end of the call too', async () => {
    const { agent, told } = await messenger()
    await using stage = await openStage({ agents: { messenger: agent } })
    const plan: CalleePlan = { answeredBy: 'human', detectionCallbacks: { delayMs: 8_000, duplicate: true } }
    const { callee, call } = await dial(stage, plan, 'enable')
    await callee.hangsUp()
    await stage.over(call.sid)
    expect(stage.view(call.sid).answeredBy).toBeNull()
    await stage.carrier.until(() => stage.view(call.sid).answeredBy !== null, { timeoutMs: 30_000 })
    expect(told).toEqual([])
  })

  it('does not ask unless it was told to, and takes no mode that there is not', async () => {
    const { agent } = await messenger()
    await using stage = await openStage({ agents: { messenger: agent } })
    const wrong = await stage.api('POST', '/calls', { to: CALLEE, machineDetection: 'perhaps' })
    expect(wrong.status).toBe(400)
    expect(String(wrong.body['detail'])).toContain('machineDetection')
    const callee = stage.carrier.callee(CALLEE)
    await stage.api('POST', '/calls', { to: CALLEE })
    const call = await callee.answers()
    expect(stage.carrier.rest.requests.at(-1)?.params).not.toHaveProperty('MachineDetection')
    await stage.carrier.until(() => call.isStreaming)
    await callee.hangsUp()
    await stage.over(call.sid)
  })
})
