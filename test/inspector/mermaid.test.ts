import { describe, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { createChart } from '../../src/inspector/chart-model.ts'
import { durationOf } from '../../src/inspector/edge-label.ts'
import { toMermaid } from '../../src/inspector/mermaid.ts'

type Config = Parameters<typeof createMachine>[0]

/** The lines of the drawing, without what surrounds them. */
const draw = (config: Config, gather?: string) =>
  toMermaid(createChart(createMachine({ id: 'm', ...config })), gather === undefined ? {} : { gather })
    .split('\n')
    .map((line) => line.trim())

describe('a Mermaid drawing', () => {
  it('joins states with what leads from one to the other', () => {
    const lines = draw({
      initial: 'a',
      states: { a: { on: { go: { guard: 'isDark', target: 'b', actions: ['x', 'y'] } } }, b: { type: 'final' } },
    })
    expect(lines).toEqual([
      'stateDiagram-v2',
      '[*] --> a',
      'state "a" as a',
      'state "b" as b',
      'a --> b : go [isDark] / x, y',
      'b --> [*]',
      '',
    ])
  })

  it('draws one arrow for all edges between two states', () => {
    const lines = draw({ initial: 'a', states: { a: { on: { go: 'b', run: 'b' }, after: { 500: 'b' } }, b: {} } })
    expect(lines).toContain('a --> b : go<br/>run<br/>after 500 ms (500)')
  })

  it('writes what leads nowhere into the state, and says what is ignored on purpose', () => {
    const lines = draw({ initial: 'a', states: { a: { on: { tick: { actions: 'count' }, tock: {} } } } })
    expect(lines).toEqual(expect.arrayContaining(['a : tick / count', 'a : ignores tock']))
  })

  it('puts the states of a state inside it, and arrows that leave it at the end', () => {
    const lines = draw({
      initial: 'a',
      states: { a: { initial: 'p', states: { p: { on: { go: 'q', leave: '#m.b' } }, q: {} } }, b: {} },
    })
    expect(lines.indexOf('a_p --> a_q : go')).toBeLessThan(lines.indexOf('}'))
    expect(lines.indexOf('a_p --> b : leave')).toBeGreaterThan(lines.indexOf('}'))
  })

  it('separates parallel regions, and notes what holds for all of them', () => {
    const lines = draw({
      initial: 'a',
      states: {
        a: { type: 'parallel', on: { tick: { actions: 'count' } }, states: { left: {}, right: {} } },
      },
    })
    expect(lines.slice(lines.indexOf('state "left" as a_left'), -1)).toEqual([
      'state "left" as a_left',
      '--',
      'state "right" as a_right',
      '}',
      'note right of a',
      'anywhere in a',
      '• tick / count',
      'end note',
    ])
  })

  it('starts an edge that leads into its own state at each inner state that does not handle the event', () => {
    const lines = draw({
      initial: 'a',
      states: { a: { initial: 'p', on: { reset: '.p' }, states: { p: {}, q: {}, r: { on: { reset: {} } } } } },
    })
    expect(lines.filter((line) => line.endsWith(': reset'))).toEqual(['a_p --> a_p : reset', 'a_q --> a_p : reset'])
    expect(lines).toContain('a_r : ignores reset')
  })

  it('shows no first state where every way in names one', () => {
    const states = { b: { initial: 'p', states: { p: {}, q: {} } } }
    expect(draw({ initial: 'a', states: { a: { on: { go: '#m.b.q' } }, ...states } })).not.toContain('[*] --> b_p')
    expect(draw({ initial: 'a', states: { a: { on: { go: 'b' } }, ...states } })).toContain('[*] --> b_p')
  })

  it('gathers the many ways into one state', () => {
    const states = {
      a: { initial: 'p', on: { stop: '#m.z.y' }, states: { p: { on: { fail: '#m.z' } } } },
      z: { initial: 'y', states: { y: {} } },
    }
    const lines = draw({ initial: 'a', states }, 'm.z')
    expect(lines).toEqual(expect.arrayContaining(['a --> z', 'a_p : fail → z', 'a_anywhere : stop → y']))
    expect(lines.filter((line) => line.endsWith('--> z'))).toEqual(['a --> z'])
  })

  it('leaves out what it is told to leave out', () => {
    const chart = createChart(
      createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { on: { go: { target: 'b', actions: [{ type: 'note', params: { x: 'y' } }, 'ring'] } } }, b: {} },
      }),
    )
    expect(toMermaid(chart)).toContain('a --> b : go / note(y), ring')
    expect(toMermaid(chart, { omit: ['note'] })).toContain('a --> b : go / ring')
  })

  it.each([
    [250, '250 ms'],
    [1_000, '1 s'],
    [70_000, '70 s'],
    [300_000, '5 min'],
    [3_600_000, '1 h'],
  ])('calls %i milliseconds %s', (ms, words) => {
    expect(durationOf(ms)).toBe(words)
  })
})
