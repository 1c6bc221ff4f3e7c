import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { announcer } from '../../src/examples/barge-in.ts'
import { openStage } from '../scenarios/stage.ts'
import { recording } from './recording.ts'

let written: MockInstance<typeof process.stdout.write>
beforeEach(() => {
  written = vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
})
afterEach(() => written.mockRestore())

describe('the announcer', () => {
  it('falls silent when it is spoken to, tells how much was heard, and goes on from there', async () => {
    await using stage = await openStage({ agent: 'announcer', agents: { announcer } })
    const { caller, call } = await stage.caller()
    const weather = await recording('weather')
    await stage.clock.advance(2_000)
    await caller.says(await recording('hours'))

    // Silence while the caller speaks: what was heard by then is what the agent told.
    const heardMs = Number(/interrupted after (\d+) ms/.exec(String(written.mock.calls.at(0)?.[0]))?.[1])
    expect(heardMs).toBeGreaterThan(2_000)
    expect(Math.abs(heardMs - call.positionHeardMs)).toBeLessThanOrEqual(40)

    await caller.isHungUpOn({ withinMs: 20_000 })
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'agent finished', stats: { bargeIns: 1 } })
    // All of it was heard once, and none of it twice, but for what the carrier's last mark cannot tell.
    expect(Math.abs(call.positionHeardMs - weather.length / 8)).toBeLessThanOrEqual(80)
  })

  it('is content with a caller who listens', async () => {
    await using stage = await openStage({ agent: 'announcer', agents: { announcer } })
    const { caller, call } = await stage.caller()
    await caller.hears(await recording('weather'))
    await caller.isHungUpOn()
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'agent finished', stats: { bargeIns: 0 } })
  })

  it('does not hold a call open whose caller leaves in the middle of a word', async () => {
    await using stage = await openStage({ agent: 'announcer', agents: { announcer } })
    const { caller, call } = await stage.caller()
    await stage.clock.advance(1_000)
    const speaking = Promise.allSettled([caller.says(await recording('hours'))])
    await stage.clock.advance(500)
    await caller.hangsUp()
    await speaking
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'caller hung up' })
  })
})
