import { describe, expect, it } from 'vitest'
import { parseMoment, toDuration, toLocalTime } from '../../src/cli/times.ts'

const NOW = Date.UTC(2026, 10, 25, 12)

describe('a moment as people type it', () => {
  it.each([
    ['90s', '2026-11-25T11:58:30.000Z'],
    ['15m', '2026-11-25T11:45:00.000Z'],
    ['1h', '2026-11-25T11:00:00.000Z'],
    ['2d', '2026-11-23T12:00:00.000Z'],
    ['1w', '2026-11-18T12:00:00.000Z'],
    ['2026-11-25T10:00:00Z', '2026-11-25T10:00:00.000Z'],
    ['2026-11-25T10:00:00.250+01:00', '2026-11-25T09:00:00.250Z'],
    ['2026-11-25 10:00+0100', '2026-11-25T09:00:00.000Z'],
  ])('may be %s', (text, moment) => {
    expect(parseMoment(text, NOW)?.toISOString()).toBe(moment)
  })

  it.each(['2026-11-25T10:00:00', '2026-11-25T10:00', '2026-11-25 10:00', '2026-11-25'])(
    'is meant in the zone of the machine without an offset, and shown so: %s',
    (text) => {
      const moment = parseMoment(text, NOW)
      expect(toLocalTime(moment?.toISOString() ?? null)).toBe(
        text.length === 10 ? '2026-11-25T00:00:00' : '2026-11-25T10:00:00',
      )
    },
  )

  it.each(['', 'yesterday', '1', '1y', '-1h', '1.5h', '2026', '2026-13-01', '2026-02-31', '2026-11-00', '25.11.2026'])(
    'is not %j',
    (text) => {
      expect(parseMoment(text, NOW)).toBeUndefined()
    },
  )

  it.each([
    '2026-11-25T',
    '2026-11-25T25:00',
    '2026-11-25T10:60',
    '2026-11-25T10:00:00+1',
    '2026-11-25x',
    '2026-11-25T1:00',
  ])('has a time of day that exists, or none: not %j', (text) => {
    expect(parseMoment(text, NOW)).toBeUndefined()
  })
})

describe('a duration', () => {
  it.each([
    [0, '0:00'],
    [499, '0:00'],
    [500, '0:01'],
    [83_000, '1:23'],
    [3_599_000, '59:59'],
    [3_723_000, '1:02:03'],
    [-5, '0:00'],
  ])('of %d ms is %s', (ms, text) => {
    expect(toDuration(ms)).toBe(text)
  })
})

describe('a time that has not come', () => {
  it('is a dash', () => {
    expect(toLocalTime(null)).toBe('-')
  })
})
