import { describe, expect, it } from 'vitest'
import { type CallRecord, MemoryRecords } from '../src/records.ts'
import { openRowOf, rowOf } from './archive/rows.ts'

function recordsOf(...rows: readonly CallRecord[]): MemoryRecords {
  const records = new MemoryRecords()
  for (const row of rows) records.closed(row)
  return records
}

describe('records in memory', () => {
  it('are, of calls that ended lately, none that is under way', () => {
    const records = new MemoryRecords()
    records.opened(openRowOf(1))
    records.updated(openRowOf(1))
    expect(records.recent()).toEqual([])
    expect(records.find('call_000001')).toBeUndefined()
  })

  it('are found by id and by CallSid', () => {
    const records = recordsOf(rowOf(1), rowOf(2))
    expect(records.find('call_000001')).toEqual(rowOf(1))
    expect(records.find('CA2')).toEqual(rowOf(2))
    expect(records.find('CA3')).toBeUndefined()
    expect(records.find('__proto__')).toBeUndefined()
  })

  it('are one for each call: closing it again replaces the row', () => {
    const records = recordsOf(rowOf(1), rowOf(1, { reason: 'busy' }))
    expect(records.recent().map(({ reason }) => reason)).toEqual(['busy'])
  })

  it('come newest first, and are the last thousand', () => {
    const records = recordsOf(...Array.from({ length: 1_005 }, (_, index) => rowOf(index + 1)))
    const recent = records.recent()
    expect(recent).toHaveLength(1_000)
    expect(recent[0]?.id).toBe('call_001005')
    expect(recent.at(-1)?.id).toBe('call_000006')
    expect(records.find('call_000005')).toBeUndefined()
    expect(records.find('CA5')).toBeUndefined()
    expect(records.find('CA6')).toEqual(rowOf(6))
  })

  it('hand out a list of their own', () => {
    const records = recordsOf(rowOf(1))
    const recent = records.recent()
    records.closed(rowOf(2))
    expect(recent).toHaveLength(1)
  })

  it('are read while the call is under way, too, as it was last told', async () => {
    const records = new MemoryRecords()
    records.opened(openRowOf(1, { state: 'connecting' }))
    records.updated(openRowOf(1))
    expect(await records.read('call_000001')).toMatchObject({ state: 'active' })
    expect(await records.read('CA1')).toMatchObject({ state: 'active' })
    records.closed(rowOf(1))
    expect(await records.read('CA1')).toMatchObject({ state: 'ended' })
    expect(await records.read('CA2')).toBeUndefined()
  })

  it('stay closed, whatever comes late', async () => {
    const records = recordsOf(rowOf(1))
    records.updated(openRowOf(1))
    expect(await records.read('call_000001')).toEqual(rowOf(1))
    expect((await records.search({ limit: 10 })).records).toEqual([rowOf(1)])
  })

  it('are searched together, those under way and those that are over', async () => {
    const records = recordsOf(rowOf(1), rowOf(3))
    records.opened(openRowOf(2))
    const { records: found, cursor } = await records.search({ limit: 2 })
    expect(found.map(({ id }) => id)).toEqual(['call_000003', 'call_000002'])
    expect(await records.search({ limit: 2, cursor })).toEqual({ records: [rowOf(1)], cursor: undefined })
    await expect(records.search({ limit: 2, cursor: 'x' })).rejects.toMatchObject({ code: 'QUERY_INVALID' })
  })

  it('learn more of a call that is over, and of no other', async () => {
    const records = recordsOf(rowOf(1))
    records.opened(openRowOf(2))
    records.amend('CA1', { sipCode: 486 })
    records.amend('CA2', { sipCode: 486 })
    records.amend('CA3', { sipCode: 486 })
    expect(records.find('call_000001')).toEqual(rowOf(1, { sipCode: 486 }))
    expect(await records.read('CA2')).toEqual(openRowOf(2))
    expect(await records.read('CA3')).toBeUndefined()
  })

  it('are found by a CallSid that was learned late', () => {
    const records = recordsOf(rowOf(1, { callSid: undefined }))
    records.amend('call_000001', { callSid: 'CAlate' })
    expect(records.find('CAlate')?.id).toBe('call_000001')
  })

  it('take in what was before them, and lose nothing newer by it', () => {
    const records = recordsOf(rowOf(3, { reason: 'busy' }))
    records.precede([rowOf(1), rowOf(2), rowOf(3)])
    expect(records.recent().map(({ id, reason }) => `${id} ${reason}`)).toEqual([
      'call_000003 busy',
      'call_000002 caller hung up',
      'call_000001 caller hung up',
    ])
  })
  it('are dropped when they are old', () => {
    const records = recordsOf(rowOf(1), rowOf(2), rowOf(3))
    records.forget(rowOf(2).endedAt ?? 0)
    expect(records.recent()).toEqual([rowOf(3), rowOf(2)])
    expect(records.find('CA1')).toBeUndefined()
  })
})
