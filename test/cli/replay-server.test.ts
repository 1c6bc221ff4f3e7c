import { describe, expect, it } from 'vitest'
import { replayInProcess } from '../../src/cli/replay-server.ts'
import { courseOf } from '../../src/recording/course.ts'
import { differences } from '../../src/recording/differences.ts'
import { MemoryRecorder } from '../../src/recording/memory-recorder.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { openStage } from '../scenarios/stage.ts'

describe('the server in which a recording is played', () => {
  it.each(['+15552220001', '+442079460001', '+18765550001'])('places an outbound call again: %s', async (to) => {
    const recorder = new MemoryRecorder()
    {
      await using stage = await openStage({ recorder, env: { CALLCHART_ALLOWED_DESTINATIONS: '+1,+44,+1876' } })
      const callee = stage.carrier.callee(to, { answersAfterMs: 700 })
      const call = await stage.meanwhile(stage.switchboard.dial({ to }))
      await stage.carrier.until(() => callee.call?.isStreaming === true)
      await callee.presses('3')
      await stage.clock.advance(800)
      await callee.hangsUp()
      await stage.over(call.callSid ?? '')
    }
    const [recording] = recorder.recordings
    if (recording === undefined) throw new Error('nothing was recorded')
    const expected = courseOf(recording)
    expect(expected.chart).toMatchObject({ reason: 'callee hung up', digits: 1, rest: ['placeCall'] })
    const got = await replayInProcess(recording, { clock: new VirtualClock(), agentsFile: undefined })
    expect(differences(expected, got)).toEqual([])
    expect(got.outbound.mediaMs).toBeGreaterThan(500)
  })
})
