import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Histogram } from '../../src/media/histogram.ts'

describe('a histogram', () => {
  it('is all zeros while nothing was recorded', () => {
    const histogram = new Histogram()
    expect(histogram.quantiles()).toEqual({ p50: 0, p99: 0 })
    expect([histogram.count, histogram.worst]).toEqual([0, 0])
  })

  it('tells any quantile to 9 %, from half a microsecond to two minutes', () => {
    const durations = fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(durations, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
        const histogram = new Histogram()
        for (const value of values) histogram.record(value)
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1] ?? 0
        expect(histogram.quantile(q)).toBeGreaterThanOrEqual(exact / 1.09)
        expect(histogram.quantile(q)).toBeLessThanOrEqual(exact * 1.09)
      }),
    )
  })

  it('knows the worst exactly, and no quantile is beyond it', () => {
    const histogram = new Histogram()
    for (const value of [1, 2, 3, 97.3]) histogram.record(value)
    expect([histogram.count, histogram.worst]).toEqual([4, 97.3])
    expect(histogram.quantile(1)).toBeLessThanOrEqual(97.3)
  })

  it('takes nothing for nothing, less than nothing too, and hours for its last step', () => {
    const histogram = new Histogram()
    for (const value of [0, -3, 0.0001]) histogram.record(value)
    expect(histogram.quantiles()).toEqual({ p50: 0, p99: 0 })
    histogram.record(1e9)
    expect(histogram.quantile(1)).toBeGreaterThan(100_000)
    expect(histogram.worst).toBe(1e9)
  })

  it('tells what was counted, shortest first, and forgets none of it', () => {
    const durations = fc.array(fc.double({ min: 0, max: 200_000, noNaN: true }), { maxLength: 300 })
    fc.assert(
      fc.property(durations, (values) => {
        const histogram = new Histogram()
        for (const value of values) histogram.record(value)
        const counts = [...histogram.counts()]
        expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBe(values.length)
        expect(counts).toEqual(counts.toSorted(([a], [b]) => a - b))
      }),
    )
  })

  it('tells each duration to 9 %', () => {
    const histogram = new Histogram()
    for (const value of [4.2, 4.2, 80]) histogram.record(value)
    const [[short, twice] = [0, 0], [long, once] = [0, 0]] = [...histogram.counts()]
    expect([twice, once]).toEqual([2, 1])
    expect(Math.abs(short - 4.2)).toBeLessThan(4.2 * 0.09)
    expect(Math.abs(long - 80)).toBeLessThan(80 * 0.09)
  })
})
