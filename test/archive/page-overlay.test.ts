import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withWaiting } from '../../src/archive/page-overlay.ts'
import { pageOf } from '../../src/record-page.ts'
import type { CallRecord, RecordQuery } from '../../src/records.ts'
import { DAWN, openRowOf, rowOf } from './rows.ts'

/** All rows, page by page, of an archive that has `kept` while `waiting` are on their way there. */
function leafed(kept: readonly CallRecord[], waiting: readonly CallRecord[], query: RecordQuery): CallRecord[] {
  const found: CallRecord[] = []
  let cursor: string | undefined
  do {
    const page = withWaiting(pageOf(kept, { ...query, cursor }), waiting, { ...query, cursor })
    expect(page.records.length).toBeLessThanOrEqual(query.limit)
    found.push(...page.records)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

describe('a page with rows that still wait', () => {
  it('shows the row that waits in place of the one that is kept', () => {
    expect(leafed([openRowOf(1), rowOf(2)], [rowOf(1)], { limit: 10 })).toEqual([rowOf(2), rowOf(1)])
    expect(leafed([openRowOf(1), rowOf(2)], [rowOf(1)], { limit: 10, state: 'active' })).toEqual([])
  })

  it('leaves to a later page what belongs there', () => {
    const page = withWaiting(pageOf([rowOf(1), rowOf(3), rowOf(4)], { limit: 2 }), [rowOf(2), rowOf(4)], { limit: 2 })
    expect(page.records).toEqual([rowOf(4), rowOf(3)])
    const short = withWaiting(pageOf([rowOf(1), rowOf(3), openRowOf(4)], { limit: 2, state: 'ended' }), [rowOf(2)], {
      limit: 2,
      state: 'ended',
    })
    expect(short.records).toEqual([rowOf(3), rowOf(2)])
  })

  it('leads through all that is kept or waits, each once, in order, as if all were kept', () => {
    const drawn = fc.uniqueArray(
      fc.record({
        number: fc.nat(40),
        minute: fc.nat(9),
        kept: fc.constantFrom('no', 'open', 'over'),
        waits: fc.boolean(),
      }),
      { selector: ({ number }) => number, maxLength: 30 },
    )
    const state = fc.constantFrom('ended', 'active', undefined)
    fc.assert(
      fc.property(drawn, fc.integer({ min: 1, max: 6 }), state, (calls, limit, wanted) => {
        const at = (minute: number) => ({ startedAt: DAWN + minute })
        const kept = calls.flatMap(({ number, minute, kept: how }) => {
          if (how === 'no') return []
          return [(how === 'open' ? openRowOf : rowOf)(number, at(minute))]
        })
        const waiting = calls.filter(({ waits }) => waits).map(({ number, minute }) => rowOf(number, at(minute)))
        const latest = new Map([...kept, ...waiting].map((row) => [row.id, row]))
        const query = { limit, state: wanted }
        const whole = pageOf([...latest.values()], { limit: 1_000, state: wanted }).records
        expect(leafed(kept, waiting, query)).toEqual(whole)
      }),
    )
  })
})
