import { describe, expect, it } from 'vitest'
import { BargeInWatch } from '../../src/telemetry/barge-in-watch.ts'

/** What a watch makes of edges that are ten milliseconds apart. */
function after(...edges: readonly string[]): readonly (number | undefined)[] {
  const watch = new BargeInWatch()
  return edges.map((edge, index) => watch.note(edge, index * 10))
}

describe('a barge-in', () => {
  it('lasts from the first word over the agent until the agent is cut', () => {
    expect(after('playback.started', 'speech.started', 'playback.cleared')).toEqual([undefined, undefined, 10])
  })

  it('is over with its cut, and the next one is told of as well', () => {
    const twice = ['playback.started', 'speech.started', 'playback.cleared']
    expect(after(...twice, 'playback.cleared', ...twice).filter((ms) => ms !== undefined)).toEqual([10, 10])
  })

  it.each([
    ['somebody who had talked before the agent began', ['speech.started', 'playback.started', 'playback.cleared']],
    ['a cut after they had finished', ['playback.started', 'speech.started', 'speech.ended', 'playback.cleared']],
    ['a cut that nobody spoke over', ['playback.started', 'playback.cleared']],
    [
      'an agent that had come to its end',
      ['playback.started', 'speech.started', 'playback.drained', 'playback.cleared'],
    ],
    ['other edges', ['media.silent', 'digit.received', 'playback.cleared']],
  ])('is not %s', (_, edges) => {
    expect(after(...edges).every((ms) => ms === undefined)).toBe(true)
  })
})
