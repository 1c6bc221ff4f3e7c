import { describe, expect, it } from 'vitest'
import type { Course } from '../../src/recording/course.ts'
import { differences } from '../../src/recording/differences.ts'

const course: Course = {
  answers: ['Connect'],
  outbound: { mediaMs: 5_000, marks: 40, clears: 1, order: ['media', 'clear', 'media'] },
  endedBy: 'far end',
  chart: {
    steps: [
      { state: 'connecting', event: 'call.connect' },
      { state: 'ended', event: 'leg.ended' },
    ],
    digits: 2,
    state: 'ended',
    reason: 'caller hung up',
    rest: ['placeCall', 'hangUp'],
  },
}
const { chart } = course

describe('two courses', () => {
  it('that are the same have no differences, and small amounts do not count', () => {
    expect(differences(course, course)).toEqual([])
    const near = { ...course, outbound: { ...course.outbound, mediaMs: 5_400, marks: 43 } }
    expect(differences(course, near)).toEqual([])
  })

  it.each<[Partial<Course>, string]>([
    [{ answers: ['Connect', 'Hangup'] }, 'TwiML: expected Connect, got Connect, Hangup'],
    [{ endedBy: 'server' }, 'end: expected the far end to end the call, got the server'],
    [{ outbound: { ...course.outbound, mediaMs: 4_000 } }, 'audio sent: expected 5000 ms, got 4000 ms'],
    [{ outbound: { ...course.outbound, marks: 30 } }, 'marks: expected 40, got 30'],
    [{ outbound: { ...course.outbound, clears: 2 } }, 'clears: expected 1, got 2'],
    [
      { outbound: { ...course.outbound, order: ['clear', 'media'] } },
      'order of messages: expected media, clear, media, got clear, media',
    ],
    [{ chart: { ...chart!, digits: 1 } }, 'keys heard: expected 2, got 1'],
    [{ chart: { ...chart!, reason: 'silence' } }, 'reason: expected caller hung up, got silence'],
    [{ chart: { ...chart!, state: 'error' } }, 'state at the end: expected ended, got error'],
    [{ chart: { ...chart!, rest: [] } }, 'REST: expected placeCall, hangUp, got none'],
    [{ chart: { ...chart!, steps: chart!.steps.slice(0, 1) } }, 'step 2: expected ended (by leg.ended), got no more'],
  ])('that differ in one thing are told apart by one line: %j', (change, line) => {
    expect(differences(course, { ...course, ...change })).toEqual([line])
  })

  it('are compared as far as both can be seen, and without amounts when the pace was another', () => {
    const { chart: _, ...outside } = course
    expect(differences(course, outside)).toEqual([])
    const other = { ...course, outbound: { ...course.outbound, mediaMs: 0, marks: 0 } }
    expect(differences(course, other, { ignoreAmounts: true })).toEqual([])
  })
})
