import { describe, expect, it } from 'vitest'
import { type CallRecord, MemoryRecords } from '../src/records.ts'

const record = (number: number): CallRecord => ({
  id: `call_${number}`,
  direction: 'inbound',
  callSid: `CA${number}`,
  from: '+15551234567',
  to: '+15550100000',
  agent: 'echo',
  parameters: {},
  startedAt: number,
  state: 'ended',
  streamSid: undefined,
  reason: 'caller hung up',
  cause: undefined,
  endedAt: number + 1,
  stats: {},
})

describe('records in memory', () => {
  it('are of calls that are over: opening and updating one keeps nothing', () => {
    const records = new MemoryRecords()
    records.opened()
    records.updated()
    expect(records.recent()).toEqual([])
    expect(records.find('call_1')).toBeUndefined()
  })

  it('are found by id and by CallSid', () => {
    const records = new MemoryRecords()
    records.closed(record(1))
    records.closed(record(2))
    expect(records.find('call_1')).toEqual(record(1))
    expect(records.find('CA2')).toEqual(record(2))
    expect(records.find('CA3')).toBeUndefined()
    expect(records.find('__proto__')).toBeUndefined()
  })

  it('are one for each call: closing it again replaces the row', () => {
    const records = new MemoryRecords()
    records.closed(record(1))
    records.closed({ ...record(1), reason: 'busy' })
    expect(records.recent().map(({ reason }) => reason)).toEqual(['busy'])
  })

  it('come newest first, and are the last thousand', () => {
    const records = new MemoryRecords()
    for (let number = 1; number <= 1_005; number += 1) records.closed(record(number))
    const recent = records.recent()
    expect(recent).toHaveLength(1_000)
    expect(recent[0]?.id).toBe('call_1005')
    expect(recent.at(-1)?.id).toBe('call_6')
    expect(records.find('call_5')).toBeUndefined()
    expect(records.find('CA5')).toBeUndefined()
    expect(records.find('CA6')).toEqual(record(6))
  })

  it('hand out a list of their own', () => {
    const records = new MemoryRecords()
    records.closed(record(1))
    const recent = records.recent()
    records.closed(record(2))
    expect(recent).toHaveLength(1)
  })
})
