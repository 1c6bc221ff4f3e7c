import { describe, expect, it } from 'vitest'
import type { Capacity } from '../../src/bench/capacity.ts'
import { drawCapacities } from '../../src/bench/chart.ts'
import { riseOf } from '../../src/bench/growth.ts'
import { driftOf } from '../../src/bench/long-run.ts'
import { figure, figures, markdownTable } from '../../src/bench/markdown.ts'
import { medianOf, quantilesOf } from '../../src/bench/quantiles.ts'
import { writeReport } from '../../src/bench/report.ts'
import { checkAll, type Results } from '../../src/bench/results.ts'
import { someWindow } from './some-figures.ts'

const MACHINE = {
  date: '2026-01-01T00:00:00.000Z',
  cpu: 'a processor',
  cores: 2,
  memoryGb: 4,
  system: 'Linux 6',
  pinning: 'not pinned',
  versions: { node: '20' },
}

function capacity(name: string, most: number, limit: Capacity['limit'] = 'late'): Capacity {
  const rest = { rssPerCall: 100_000, heapPerCall: 50_000, setUp: { perSecond: 200, cpuMs: 4 } }
  return { name, what: `what ${name} is`, most, limit, steady: someWindow(), ...rest }
}

const ROWS = [
  capacity('callchart', 500),
  capacity('callchart, talkative', 900),
  capacity('floor', 600),
  capacity('python', 180),
]

function verdicts(results: Results): Record<string, string> {
  return Object.fromEntries(checkAll(results).map(({ what, verdict }) => [what, verdict]))
}

describe('the targets', () => {
  it('compare calls by the contenders’ names', () => {
    expect(verdicts({ machine: MACHINE, absent: [], capacities: ROWS })).toMatchObject({
      'calls: callchart / the Python design': 'MISSED',
      'calls: callchart / plain ws': 'MISSED',
      'calls: callchart, faster than real time / plain ws': 'met',
      'send lateness p99 at 70 %, ms': 'met',
      'barge-in p99 at 70 %, ms': 'met',
    })
  })

  it('that nobody measured are not missed', () => {
    expect(Object.values(verdicts({ machine: MACHINE, absent: [], capacities: [] }))).not.toContain('MISSED')
  })

  it('judge memory only by a run that was long', () => {
    const steps = (minutes: number) =>
      Array.from({ length: 8 }, (_, index) => {
        const grown = { ...someWindow().server, rssBytes: 1e8 + index * 1e7 }
        return { ...someWindow({ server: grown }), atMs: (index + 1) * minutes * 7_500 }
      })
    const results = { machine: MACHINE, absent: [], capacities: [] }
    const memory = 'long run: memory at the end / after warm-up'
    expect(verdicts({ ...results, longRun: { calls: 9, steps: steps(10) } })[memory]).toBe('MISSED')
    expect(verdicts({ ...results, longRun: { calls: 9, steps: steps(1) } })[memory]).toBe('not measured')
  })
})

describe('setting calls up', () => {
  it('is told for a process that has just begun and for one that has not', () => {
    const ours = { first: { cpuMs: 4, perSecond: 200 }, later: { cpuMs: 2, perSecond: 300 }, heapPerCall: 30_720 }
    const results = { machine: MACHINE, absent: [], capacities: [], settingUp: [{ name: 'callchart', ...ours }] }
    expect(writeReport(results)).toMatch(/\| callchart +\| 4\.00 +\| 2\.00 +\| 300 +\| 30\.0 +\|/)
    expect(Object.values(verdicts(results))).not.toContain('MISSED')
  })
})

describe('somebody who looks', () => {
  const late = (p99: number) => ({ ...someWindow().server, latenessMs: { p50: 1, p99, p999: p99, count: 9 } })
  const turn = (aloneMs: number, watchedMs: number, cost = 25, deprived = 0.01) => ({
    alone: someWindow({ server: late(aloneMs), deprived }),
    watched: someWindow({ server: late(watchedMs), cpuUsPerFrame: cost }),
    seen: { messages: 5, bytes: 2048 },
  })
  const viewed = (...turns: ReturnType<typeof turn>[]) => {
    return { machine: MACHINE, absent: [], capacities: [], viewing: { calls: 200, turns } }
  }
  const [lateness, cost] = [
    'somebody looks: send lateness p99, ms more',
    'somebody looks: cost of a frame / while nobody does',
  ]

  it('may cost the calls a millisecond and a twentieth, turn for turn', () => {
    expect(verdicts(viewed(turn(1, 1.9), turn(8, 8.5), turn(2, 9)))).toMatchObject({ [lateness]: 'met', [cost]: 'met' })
    expect(verdicts(viewed(turn(9, 1), turn(1, 2.5, 27), turn(2, 4, 27)))).toMatchObject({
      [lateness]: 'MISSED',
      [cost]: 'MISSED',
    })
  })

  it('is not blamed for a busy machine', () => {
    expect(verdicts(viewed(turn(1, 4, 30, 0.4)))).toMatchObject({ [lateness]: 'not judged', [cost]: 'not judged' })
  })

  it('has a table with what it got to see', () => {
    const text = writeReport(viewed(turn(1, 2)))
    expect(text).toMatch(/\| send late p99, ms +\| 1\.00 +\| 2\.00 +\| 1\.00/)
    expect(text).toContain('5.00 messages, 2.00 kB')
  })
})

describe('a busy machine', () => {
  const memory = 'long run: longest GC pause, ms'
  const steps = (deprived: readonly number[]) =>
    deprived.map((share, index) => {
      const server = { ...someWindow().server, worstGcMs: share > 0.05 ? 60 : 3 }
      return { ...someWindow({ server, deprived: share }), atMs: index }
    })
  const checked = (...deprived: number[]) => {
    const results = { machine: MACHINE, absent: [], capacities: [], longRun: { calls: 1, steps: steps(deprived) } }
    return checkAll(results).find(({ what }) => what === memory)
  }

  it('excuses what it spoilt, and nothing else', () => {
    const late = { ...someWindow().server, latenessMs: { p50: 1, p99: 80, p999: 90, count: 9 } }
    const row = (deprived: number) => ({
      ...capacity('callchart', 500),
      steady: someWindow({ server: late, deprived }),
    })
    const lateness = (deprived: number) =>
      verdicts({ machine: MACHINE, absent: [], capacities: [row(deprived)] })['send lateness p99 at 70 %, ms']
    expect([lateness(0.01), lateness(0.3)]).toEqual(['MISSED', 'not judged'])
  })

  it('has its windows left out of a long run, which says so', () => {
    expect(checked(0.01, 0.01, 0.4, 0.01)).toMatchObject({
      verdict: 'met',
      note: 'of 3 windows in 4: the rest were disturbed',
    })
    expect(checked(0.01, 0.4, 0.4, 0.4)?.verdict).toBe('not measured')
  })
})

describe('drift', () => {
  it('compares the last quarter with the second, and finds the longest pause anywhere', () => {
    const steps = [50, 60, 60, 60, 60, 60, 66, 66].map((megabytes, index) => {
      const latenessMs = { p50: 0, p99: index < 6 ? 2 : 3.5, p999: 4, count: 10 }
      const server = { cpuMs: 0, rssBytes: megabytes * 1e6, worstGcMs: index === 0 ? 7 : 1, latenessMs }
      return { ...someWindow({ server }), atMs: index }
    })
    const drift = driftOf(steps)
    expect(drift.memory).toBeCloseTo(1.1)
    expect(drift).toMatchObject({ latenessMs: 1.5, worstGcMs: 7 })
  })
})

describe('the rise of a frame’s cost', () => {
  const steps = (...costs: number[]) => costs.map((cpuUsPerFrame) => ({ ...someWindow({ cpuUsPerFrame }), calls: 1 }))

  it('is against the cheapest with fewer calls; a handful of calls counts for nothing', () => {
    expect(riseOf(steps(90, 30, 25, 30))).toBeCloseTo(1.2)
    expect(riseOf(steps(10, 30, 25, 20))).toBeLessThan(1)
    expect(riseOf(steps(90, 30))).toBe(1)
  })
})

describe('the report', () => {
  it('has a table of the contenders and one of the targets, and names who is missing', () => {
    const absent = [{ name: 'python', why: 'which is not here' }]
    const text = writeReport({ machine: MACHINE, absent, capacities: ROWS.slice(0, 3) })
    expect(text).toContain('| callchart, talkative | 900 ')
    expect(text).toContain('Not measured: python, which is not here.')
    expect(text).toMatch(/\| calls: callchart \/ plain ws +\| 0\.833 \| >= 0\.85 +\| MISSED/)
    expect(text).not.toContain('## Growth')
  })

  it('marks a number that the generator cut short as a lower bound, in table and picture', () => {
    const rows = [capacity('floor', 600, 'generator saturated')]
    expect(writeReport({ machine: MACHINE, absent: [], capacities: rows })).toContain('| >= 600 ')
    expect(drawCapacities(rows, 'today')).toContain('≥ 600')
  })

  it('draws a bar for each contender, as long as its calls', () => {
    const svg = drawCapacities(ROWS, 'a <machine>')
    expect(svg.match(/data-contender/g)).toHaveLength(ROWS.length)
    expect(svg).toContain('a &lt;machine&gt;')
    const widths = [...svg.matchAll(/<rect[^>]* width="(\d+)"/g)].map(([, width]) => Number(width))
    expect(Math.max(...widths)).toBe(widths[1])
    expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(500 / 900, 2)
  })
})

describe('figures in words', () => {
  it('have three digits that mean something', () => {
    expect([1234.5, 123.4, 12.34, 1.234, 0.1234, 0, -0.5].map(figure)).toEqual([
      '1235',
      '123',
      '12.3',
      '1.23',
      '0.123',
      '0',
      '-0.500',
    ])
    expect([figure(undefined), figure(Number.NaN), figures(0, 1, 2), figures(3, 1, 2)]).toEqual([
      '-',
      '-',
      '-',
      '1.00 / 2.00',
    ])
  })

  it('stand in columns of one width', () => {
    const table = markdownTable([['name', (row: string) => row]], ['a', 'a long one'])
    expect(table.split('\n')).toEqual(['| name       |', '| ---------- |', '| a          |', '| a long one |'])
  })
})

describe('quantiles', () => {
  it('are by nearest rank, and nothing of nothing', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => 1_000 - index)
    expect(quantilesOf(values)).toEqual({ count: 1_000, p50: 500, p99: 990, p999: 999, max: 1_000 })
    expect(quantilesOf([])).toEqual({ count: 0, p50: 0, p99: 0, p999: 0, max: 0 })
    expect([medianOf([3, 1, 2]), medianOf([4, 1, 2, 9]), medianOf([])]).toEqual([2, 3, Number.NaN])
  })
})
