import { describe, expect, it } from 'vitest'
import type { Batch } from '../../src/archive/batch.ts'
import { fromRow } from '../../src/archive/row.ts'
import { WaitingRows } from '../../src/archive/waiting-rows.ts'
import { openRowOf, rowOf } from './rows.ts'

function waitingRows(maxWaiting = 1_000) {
  const faults: unknown[] = []
  return { waiting: new WaitingRows({ maxWaiting, onFault: (error) => faults.push(error) }), faults }
}

const told = (batch: Batch | undefined) =>
  batch && {
    rows: batch.rows.map(fromRow).map(({ id, state }) => `${id} ${state}`),
    amended: batch.amendments.map(({ key }) => key),
  }

describe('rows that wait to be written', () => {
  it('are of each call the latest', () => {
    const { waiting } = waitingRows()
    waiting.put(openRowOf(1, { state: 'connecting' }))
    waiting.put(openRowOf(2))
    waiting.put(openRowOf(1))
    expect(waiting.size).toBe(2)
    expect(told(waiting.take())).toEqual({ rows: ['call_000001 active', 'call_000002 active'], amended: [] })
  })

  it('are closed once and for all', () => {
    const { waiting } = waitingRows()
    waiting.put(rowOf(1))
    waiting.put(openRowOf(1))
    expect(told(waiting.take())?.rows).toEqual(['call_000001 ended'])
  })

  it('go one batch at a time, of two hundred at most', () => {
    const { waiting } = waitingRows()
    for (let number = 0; number < 250; number += 1) waiting.put(rowOf(number))
    expect(waiting.take()?.rows).toHaveLength(200)
    expect(waiting.take()).toBeUndefined()
    expect(waiting.size).toBe(250)
    waiting.noteKept(0)
    expect(waiting.take()?.rows).toHaveLength(50)
    waiting.noteKept(0)
    expect(waiting.take()).toBeUndefined()
    expect(waiting.size).toBe(0)
  })

  it('settle whoever waits for them when they are written, not before, all that were promised the same call', () => {
    const { waiting } = waitingRows()
    const settled: string[] = []
    waiting.put(rowOf(1), () => settled.push('first'))
    waiting.put(rowOf(1), () => settled.push('second'))
    waiting.put(rowOf(2), () => settled.push('other'))
    waiting.take()
    waiting.put(rowOf(1), () => settled.push('late'))
    expect(settled).toEqual([])
    waiting.noteKept(0)
    expect(settled).toEqual(['first', 'second', 'other'])
    waiting.take()
    waiting.noteKept(0)
    expect(settled.at(-1)).toBe('late')
  })

  it('take in what is learned of them, and else let it follow the row that is under way', () => {
    const { waiting } = waitingRows()
    waiting.put(rowOf(1))
    waiting.amend('CA1', { sipCode: 486 })
    const batch = waiting.take()
    expect(batch?.rows.map(fromRow)).toEqual([rowOf(1, { sipCode: 486 })])
    waiting.amend('call_000001', { answeredBy: 'human' })
    waiting.amend('call_000001', { sipCode: 480 })
    waiting.put(rowOf(2))
    waiting.noteKept(0)
    const next = waiting.take()
    expect(told(next)).toEqual({ rows: ['call_000002 ended'], amended: ['call_000001'] })
    expect(next?.amendments[0]?.facts).toMatchObject({ answeredBy: 'human', sipCode: 480 })
  })

  it('lets nothing that was learned overtake the row it is about', () => {
    const { waiting } = waitingRows()
    for (let number = 0; number < 300; number += 1) waiting.put(rowOf(number))
    waiting.amend('CA999', { sipCode: 486 })
    expect(waiting.take()?.amendments).toEqual([])
    waiting.noteKept(0)
    expect(waiting.take()?.amendments).toHaveLength(1)
  })

  it('are of no more calls than said: what comes on top is lost, told, and waited for by nobody', () => {
    const { waiting } = waitingRows(2)
    const settled: string[] = []
    waiting.put(openRowOf(1))
    waiting.put(openRowOf(2))
    waiting.put(rowOf(3), () => settled.push('row'))
    waiting.amend('CA4', { sipCode: 486 }, () => settled.push('facts'))
    expect(waiting).toMatchObject({ size: 2, lost: 2 })
    expect(settled).toEqual(['row', 'facts'])
    waiting.put(rowOf(1))
    expect(told(waiting.take())?.rows).toEqual(['call_000001 ended', 'call_000002 active'])
  })

  it('count those that are under way among them', () => {
    const { waiting } = waitingRows(2)
    waiting.put(rowOf(1))
    waiting.put(rowOf(2))
    waiting.take()
    waiting.put(rowOf(3))
    expect(waiting.lost).toBe(1)
  })

  it('wait again when the writer is gone, where nothing newer does', () => {
    const { waiting } = waitingRows()
    const settled: string[] = []
    waiting.put(rowOf(1), () => settled.push('kept'))
    waiting.put(openRowOf(2))
    waiting.amend('CA9', { sipCode: 486 })
    waiting.take()
    waiting.put(rowOf(2))
    waiting.put(rowOf(3))
    waiting.amend('CA9', { answeredBy: 'fax' })
    waiting.putBack()
    const batch = waiting.take()
    expect(told(batch)).toEqual({
      rows: ['call_000001 ended', 'call_000002 ended', 'call_000003 ended'],
      amended: ['CA9'],
    })
    expect(batch?.amendments[0]?.facts).toMatchObject({ sipCode: 486, answeredBy: 'fax' })
    expect(settled).toEqual([])
    waiting.noteKept(0)
    expect(settled).toEqual(['kept'])
  })

  it('are told as they are, those under way, too', () => {
    const { waiting } = waitingRows()
    waiting.put(openRowOf(1))
    waiting.put(rowOf(2))
    waiting.take()
    waiting.put(rowOf(1))
    expect(waiting.records()).toEqual([rowOf(1), rowOf(2)])
  })

  it('are given up all at once', () => {
    const { waiting } = waitingRows()
    const settled: string[] = []
    waiting.put(rowOf(1), () => settled.push('one'))
    waiting.take()
    waiting.put(rowOf(2), () => settled.push('two'))
    expect(waiting.giveUp()).toBe(2)
    expect(settled).toEqual(['one', 'two'])
    expect(waiting).toMatchObject({ size: 0, lost: 2 })
  })

  it('leave out what cannot be put into words', () => {
    const { waiting, faults } = waitingRows()
    const settled: string[] = []
    waiting.put(rowOf(1, { stats: { huge: 1n } }), () => settled.push('given up'))
    waiting.put(rowOf(2))
    expect(told(waiting.take())?.rows).toEqual(['call_000002 ended'])
    expect(faults.map(String)).toEqual([expect.stringContaining('BigInt')])
    expect(settled).toEqual(['given up'])
    expect(waiting.lost).toBe(1)
  })

  it('know how many of a batch could not be kept', () => {
    const { waiting } = waitingRows()
    waiting.put(rowOf(1))
    waiting.take()
    waiting.noteKept(1)
    expect(waiting).toMatchObject({ size: 0, lost: 1 })
  })
})
