import { describe, expect, it } from 'vitest'
import { callMachine } from '../../../machines/index.ts'
import { createChart } from '../../../src/inspector/chart-model.ts'
import { delayOfEdge, wordsOfEvent, wordsOfStep } from '../../../src/inspector/page/event-words.ts'
import { clockOf, leftOf, secondsOf, shareOfLevel, spanOf } from '../../../src/inspector/page/figures.ts'
import { step } from './film-lines.ts'

describe("an event's words", () => {
  it.each([
    ['leg.ringing', 'leg.ringing'],
    ['xstate.done.actor.placeCall', 'placeCall done'],
    ['xstate.error.actor.agent', 'agent failed'],
    ['xstate.after.graceTimeout.call.active.stream.lost.dropped', 'after graceTimeout'],
    ['xstate.done.state.call.active', 'finished'],
    ['xstate.stop', 'stop'],
  ])('say %s as "%s"', (event, words) => {
    expect(wordsOfEvent(event)).toBe(words)
  })

  it('do not blame the event for a step that the chart took by itself', () => {
    const edges = ['call.stopping.hangingUp/always/0']
    expect(wordsOfStep(step(1, 'a', 'call.hangUp', 'b', { edges }))).toBe('always')
    expect(wordsOfStep(step(1, 'a', 'call.hangUp', 'b', { edges: ['call.idle/call.hangUp/0', ...edges] }))).toBe(
      'call.hangUp',
    )
  })

  it("name the delay of each of the chart's timed edges", () => {
    const timed = createChart(callMachine).edges.flatMap(({ id, trigger }) =>
      trigger.kind === 'after' ? [[delayOfEdge(id), trigger.delay]] : [],
    )
    expect(timed.length).toBeGreaterThan(8)
    for (const [words, delay] of timed) expect(words).toBe(delay)
  })
})

describe('figures', () => {
  it('give seconds with their milliseconds', () => {
    expect(secondsOf(12_345.4)).toBe('12.345')
  })

  it('give a duration by the clock, never below none', () => {
    expect([42_900, 725_000, 3_723_000, -5].map(clockOf)).toEqual(['0:42', '12:05', '1:02:03', '0:00'])
  })

  it('give what is left in tenths of a second, and by the clock from a minute on', () => {
    expect([7_250, 59_940, -1, 60_000, 3_599_000].map(leftOf)).toEqual(['7.3 s', '59.9 s', '0.0 s', '1:00', '59:59'])
  })

  it('give a span in its own unit', () => {
    expect([139.6, 7_500, 10_000].map(spanOf)).toEqual(['140 ms', '7.5 s', '10 s'])
  })

  it('show 60 dB of a level, and silence as nothing', () => {
    expect([null, -96, -30, 0, 3].map(shareOfLevel)).toEqual([0, 0, 0.5, 1, 1])
  })
})
