import { describe, expect, it } from 'vitest'
import { CALLER_SPEECH } from '../../src/cli/speech-files.ts'
import { receptionist } from '../../src/examples/receptionist.ts'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'
import { rms } from '../audio/signals.ts'
import { openStage } from '../scenarios/stage.ts'
import { recording } from './recording.ts'

const open = () => openStage({ agent: 'receptionist', agents: { receptionist } })
const [TEN, ELEVEN] = ['+15551234510', '+15551234511']

describe('the receptionist', () => {
  it('asks whom the caller wants, keeps them company for a moment, and connects them', async () => {
    await using stage = await open()
    const desk = stage.carrier.callee(TEN)
    const { caller, call } = await stage.caller()
    await caller.hears(await recording('extension'))
    await caller.presses('10')
    await caller.hears(await recording('moment'))
    await stage.clock.advance(1_500)
    // On hold, and not in silence.
    expect(rms(call.heard().subarray(-8_000))).toBeGreaterThan(50)
    await desk.answers()
    const question = await loadSpeech(CALLER_SPEECH)
    await caller.says(question)
    await desk.hears(question)
    await desk.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({
      reason: 'transferred',
      transfers: [{ to: TEN, outcome: 'completed' }],
    })
  })

  it('takes back whom nobody answers, and tries another extension', async () => {
    await using stage = await open()
    stage.carrier.callee(TEN, 'no-answer')
    const desk = stage.carrier.callee(ELEVEN)
    const { caller, call } = await stage.caller()
    await caller.presses('10')
    await caller.hears(await recording('moment'))
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming, { timeoutMs: 60_000 })
    await caller.hears(await recording('sorry'))
    await caller.presses('11')
    await desk.answers()
    await desk.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({
      reason: 'transferred',
      transfers: [
        { to: TEN, outcome: 'no-answer' },
        { to: ELEVEN, outcome: 'completed' },
      ],
    })
  })

  it('calls nobody for an extension that there is not', async () => {
    await using stage = await open()
    const { caller, call } = await stage.caller()
    await caller.presses('99')
    await caller.hears(await recording('moment'))
    await caller.hears(await recording('sorry'))
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ reason: 'caller hung up', transfers: [] })
    expect(stage.carrier.calls).toHaveLength(1)
  })

  it('hangs up when nothing is keyed', async () => {
    await using stage = await open()
    const { caller, call } = await stage.caller()
    await caller.isHungUpOn({ withinMs: 30_000 })
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent finished' })
  })

  it.each(['while it is asked', 'on hold', 'while the desk rings'])('lets a caller go %s', async (moment) => {
    await using stage = await open()
    const desk = stage.carrier.callee(TEN, { answersAfterMs: Number.POSITIVE_INFINITY })
    const { caller, call } = await stage.caller()
    if (moment !== 'while it is asked') await caller.presses('10')
    if (moment === 'on hold') await caller.hears(await recording('moment'))
    if (moment === 'while the desk rings') await stage.carrier.until(() => desk.call?.status === 'ringing')
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up', cause: null })
    expect(desk.call?.isOver ?? true).toBe(true)
  })
})
