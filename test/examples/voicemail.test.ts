import { describe, expect, it } from 'vitest'
import { reminder } from '../../src/examples/voicemail.ts'
import type { CalleePlan } from '../../src/simulator/callee.ts'
import { openStage, type Stage } from '../scenarios/stage.ts'
import { recording } from './recording.ts'

const CALLEE = '+15552220001'

async function remind(stage: Stage, plan: CalleePlan) {
  const callee = stage.carrier.callee(CALLEE, plan)
  const wish = { to: CALLEE, agent: 'reminder', machineDetection: 'detectMessageEnd' }
  expect((await stage.api('POST', '/calls', wish)).status).toBe(201)
  return { callee, call: await callee.answers() }
}

describe('the reminder', () => {
  it('is left whole with a machine, and not before the beep', async () => {
    await using stage = await openStage({ agents: { reminder } })
    const { callee, call } = await remind(stage, { answeredBy: 'machine', greetingMs: 5_000 })
    const { atMs } = await callee.hears(await recording('reminder'), { withinMs: 30_000 })
    expect(atMs).toBeGreaterThan(5_000)
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'agent finished', answeredBy: 'machine_end_beep' })
  })

  it('is told to a human who answers', async () => {
    await using stage = await openStage({ agents: { reminder } })
    const { callee, call } = await remind(stage, { answeredBy: 'human' })
    await callee.hears(await recording('reminder'), { withinMs: 30_000 })
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'agent finished', answeredBy: 'human' })
  })

  it('is not played to a fax', async () => {
    await using stage = await openStage({ agents: { reminder } })
    const { call } = await remind(stage, { answeredBy: 'fax' })
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'agent finished', answeredBy: 'fax' })
    expect(call.positionHeardMs).toBe(0)
  })
})
