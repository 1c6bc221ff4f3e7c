import { describe, expect, it } from 'vitest'
import { phoneMenu } from '../../src/examples/digits.ts'
import { openStage } from '../scenarios/stage.ts'
import { recording } from './recording.ts'

const open = () => openStage({ agent: 'phoneMenu', agents: { phoneMenu } })

describe('the menu', () => {
  it('answers each key at once, without finishing what it was saying', async () => {
    await using stage = await open()
    const { caller, call } = await stage.caller()
    await stage.clock.advance(500)
    await caller.presses('1')
    await caller.hears(await recording('hours'))
    await caller.presses('2')
    await caller.hears(await recording('callee'))
    expect(call.positionHeardMs).toBeLessThan(1_500 + 2_250 + 4_830)
    await caller.presses('#')
    await caller.isHungUpOn()
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'agent finished' })
  })

  it('is said again to whoever presses another key', async () => {
    await using stage = await open()
    const { caller, call } = await stage.caller()
    await caller.presses('9')
    await caller.hears(await recording('menu'))
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'caller hung up' })
  })
})
