import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pageOf } from '../src/record-page.ts'
import type { CallRecord, RecordQuery } from '../src/records.ts'
import { DAWN, openRowOf, rowOf } from './archive/rows.ts'

const ids = (records: readonly CallRecord[]) => records.map(({ id }) => id)
const found = (query: Partial<RecordQuery>) =>
  ids(pageOf([rowOf(1, { to: '+15559' }), rowOf(2, { from: '+15559' }), openRowOf(3)], { limit: 10, ...query }).records)

describe('a page of calls', () => {
  it('is newest first, and those of one moment by their ids', () => {
    const rows = [rowOf(1), rowOf(4, { startedAt: DAWN }), rowOf(3), rowOf(5, { startedAt: DAWN })]
    const { records } = pageOf(rows, { limit: 10 })
    expect(ids(records)).toEqual(['call_000003', 'call_000001', 'call_000005', 'call_000004'])
  })

  it('has what was asked for', () => {
    expect(found({})).toHaveLength(3)
    expect(found({ number: '+15559' })).toEqual(['call_000002', 'call_000001'])
    expect(found({ state: 'active' })).toEqual(['call_000003'])
    expect(found({ since: DAWN + 120_000 })).toEqual(['call_000003', 'call_000002'])
    expect(found({ until: DAWN + 120_000 })).toEqual(['call_000001'])
    expect(found({ since: DAWN + 120_000, state: 'ended', number: '+15559' })).toEqual(['call_000002'])
  })

  it('leads to the next one, so that each row comes once, in order', () => {
    const moments = fc.array(fc.record({ minute: fc.nat(5), number: fc.nat(30) }), { maxLength: 30 })
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 7 }), (drawn, limit) => {
        const rows = new Map(drawn.map(({ minute, number }) => [number, rowOf(number, { startedAt: DAWN + minute })]))
        const whole = pageOf([...rows.values()], { limit: 1_000 }).records
        const leafed: CallRecord[] = []
        let cursor: string | undefined
        do {
          const page = pageOf([...rows.values()], { limit, cursor })
          expect(page.records.length).toBeLessThanOrEqual(limit)
          leafed.push(...page.records)
          cursor = page.cursor
        } while (cursor !== undefined)
        expect(ids(leafed)).toEqual(ids(whole))
        expect(leafed).toHaveLength(rows.size)
      }),
    )
  })

  it('goes on from a row that is gone', () => {
    const { cursor } = pageOf([rowOf(1), rowOf(2), rowOf(3)], { limit: 2 })
    expect(ids(pageOf([rowOf(1), rowOf(3)], { limit: 2, cursor }).records)).toEqual(['call_000001'])
  })

  const foreign = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  it.each([
    '',
    'call_1',
    foreign({}),
    foreign([1]),
    foreign(['1', 'a']),
    foreign([1, 'a', 2]),
    `${foreign([1, 'a'])}=`,
    `!${foreign([1, 'a'])}`,
  ])('refuses a cursor that no page gave: %s', (cursor) => {
    expect(() => pageOf([rowOf(1)], { limit: 1, cursor })).toThrow(
      /^expected a cursor as an earlier page gave it, got "/,
    )
  })

  it('repeats no more of a bad cursor than a line holds', () => {
    const query = { limit: 1, cursor: 'x'.repeat(10_000) }
    expect(() => pageOf([], query)).toThrow(`got "${'x'.repeat(40)}..."`)
  })

  it.each([0, 1_001, 1.5, Number.NaN])('refuses a limit of %s', (limit) => {
    expect(() => pageOf([], { limit })).toThrow(/^expected a limit from 1 to 1000, got/)
  })
})
