import { describe, expect, it } from 'vitest'
import { alignSpeech } from '../../src/audio/align.ts'
import { CALLER_SPEECH } from '../../src/cli/speech-files.ts'
import { greeter } from '../../src/examples/greeter.ts'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'
import { openStage } from '../scenarios/stage.ts'
import { recording } from './recording.ts'

describe('the greeter', () => {
  it('greets, says back three seconds of what it hears, and hangs up', async () => {
    await using stage = await openStage({ agent: 'greeter', agents: { greeter } })
    const { caller, call } = await stage.caller()
    const { atMs } = await caller.hears(await recording('welcome'))
    const speech = await loadSpeech(CALLER_SPEECH)
    const spoken = caller.says(speech.subarray(0, 2 * 8_000))
    await caller.isHungUpOn({ withinMs: 20_000 })
    await spoken
    const afterwards = call.heard().subarray(Math.round(atMs * 8) + (await recording('welcome')).length)
    expect(
      alignSpeech(speech.subarray(0, 2 * 8_000), afterwards, { maxLag: afterwards.length }).correlation,
    ).toBeGreaterThan(0.9)
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent finished' })
  })
})
