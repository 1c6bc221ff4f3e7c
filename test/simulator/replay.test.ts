import { describe, expect, it } from 'vitest'
import type { Recording } from '../../src/recording/recording.ts'
import { readRecording } from '../../src/recording/recording.ts'
import { HurriedClock } from '../../src/simulator/hurried-clock.ts'
import { courseOfCall, replayCall } from '../../src/simulator/replay.ts'
import { scriptOf } from '../../src/simulator/replay-script.ts'
import { createSimulatedCarrier } from '../../src/simulator/simulated-carrier.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { END, fileOf, HEADER } from '../recording/lines.ts'
import { startSmallServer } from './small-server.ts'

const webhook = (at: number, callStatus: string, twiml?: string) => ({
  at,
  what: 'webhook',
  route: at < 10 ? 'voice' : 'next',
  callStatus,
  twiml,
})
const received = (at: number, message: object) => ({ at, what: 'received', stream: 1, message })
const recordingOf = (header: object, ...lines: object[]): Recording =>
  readRecording(fileOf({ ...HEADER, ...header }, ...lines))
const start = received(300, { event: 'start', streamSid: 'MZ1' })
const frame = (at: number) => received(at, { event: 'media', sequence: 2, timestampMs: 150, bytes: 160 })
const hungUp = { at: 900, what: 'rest', command: 'hangUp', outcome: 'asked' }
const stop = (at: number) => received(at, { event: 'stop' })

describe("the carrier's part in a recording", () => {
  it('is what it sent, pressed and ended, timed from the start of each stream', () => {
    const dtmf = received(500, { event: 'dtmf', sequence: 3, digit: '#' })
    const mark = received(510, { event: 'mark', sequence: 4, name: 'm' })
    const { streams } = scriptOf(
      recordingOf({}, webhook(0, 'ringing', 'Connect'), start, frame(320), dtmf, mark, stop(700), { ...END, at: 710 }),
    )
    expect(streams).toHaveLength(1)
    expect(streams[0]?.opensAfterMs).toBe(295)
    expect(streams[0]?.cues.map((cue) => [cue.at, cue.do])).toEqual([
      [20, 'send'],
      [200, 'press'],
      [400, 'hangUp'],
    ])
  })

  it('is not what it did because the server had hung up; frames under way still count', () => {
    const { streams } = scriptOf(
      recordingOf({}, webhook(0, 'ringing', 'Connect'), start, frame(320), hungUp, frame(910), stop(920)),
    )
    expect(streams[0]?.cues.map((cue) => cue.do)).toEqual(['send', 'send'])
  })

  it('ends in silence when the carrier never learnt that its stream was given up', () => {
    const close = { at: 9_000, what: 'sent', stream: 1, message: { event: 'close' } }
    const silent = [webhook(0, 'ringing', 'Connect'), start, frame(320), close]
    expect(scriptOf(recordingOf({}, ...silent)).streams[0]?.cues.at(-1)?.do).toBe('fallSilent')
    const asked = webhook(9_100, 'in-progress', 'Connect')
    expect(scriptOf(recordingOf({}, ...silent, asked)).streams[0]?.cues.at(-1)?.do).toBe('send')
  })
})

describe('playing a recording', () => {
  it("plays against anybody's server, and tells what the carrier saw", async () => {
    const server = await startSmallServer({ answer: () => '<Response><Reject reason="busy"/></Response>' })
    const carrier = await createSimulatedCarrier({ clock: new VirtualClock() })
    const recording = recordingOf({}, webhook(0, 'ringing', 'Connect'), start, stop(400), END)
    const call = await replayCall({ carrier, recording, voiceUrl: server.voiceUrl })
    await carrier.close()
    await server.close()
    expect(courseOfCall(call)).toMatchObject({ answers: ['Reject'], endedBy: 'server', outbound: { mediaMs: 0 } })
  })

  it.each([
    ['nobody here can place', {}, [], 'only the built-in server'],
    [
      'the carrier refused',
      { dial: () => Promise.resolve() },
      [{ at: 5, what: 'rest', command: 'placeCall', outcome: 'failed', code: 'CARRIER_REFUSED' }],
      'that the carrier refused',
    ],
  ])('explains that a call cannot be played which %s', async (_, options, lines, why) => {
    const carrier = await createSimulatedCarrier({ clock: new VirtualClock() })
    const recording = recordingOf({ direction: 'outbound' }, ...lines)
    await expect(replayCall({ carrier, recording, voiceUrl: '', ...options })).rejects.toThrow(why)
    await carrier.close()
  })
})

describe('a hurried clock', () => {
  it('goes as much faster than the one it is made of, now and in its timers', async () => {
    const world = new VirtualClock(100)
    const clock = new HurriedClock(10, world)
    const fired: number[] = []
    clock.setTimeout(() => fired.push(clock.now()), 500)
    clock.clearTimeout(clock.setTimeout(() => fired.push(-1), 100))
    await world.advance(49)
    expect(fired).toEqual([])
    await world.advance(1)
    expect(fired).toEqual([1_500])
  })
})
