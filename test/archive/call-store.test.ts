import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CallStore } from '../../src/archive/call-store.ts'
import { type Row, toRow } from '../../src/archive/row.ts'
import { pageOf } from '../../src/record-page.ts'
import type { CallRecord, RecordQuery } from '../../src/records.ts'
import { temporaryFolder } from '../cli/program.ts'
import { DAWN, openRowOf, rowOf } from './rows.ts'

/** A store with a file of its own, for one test. */
async function storeOf(rows: readonly CallRecord[] = [], { isExported = false } = {}) {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'calls.db')
  const store = new CallStore(path, isExported)
  store.keep({ rows: rows.map(toRow), amendments: [] })
  const dispose = async () => {
    store.close()
    await folder[Symbol.asyncDispose]()
  }
  return { store, path, [Symbol.asyncDispose]: dispose }
}

const ids = (records: readonly CallRecord[]) => records.map(({ id }) => id)

describe('the store of calls', () => {
  it('gives back what it was given, to the last field', async () => {
    const full = rowOf(1, {
      carrierErrorCode: 21_211,
      sipCode: 486,
      answeredBy: 'machine_start',
      audioFile: '/var/calls/call_1.wav',
      transfers: [{ to: 'sip:a@example.com', startedAt: 1, answeredAt: 2, endedAt: 3, outcome: 'completed' }],
      recordings: [{ recordingSid: 'RE1', status: 'completed', url: 'https://example.com', durationSeconds: 9 }],
      parameters: { ['__proto__']: 'x', 'say "hi"': "it's \u0000 🙂" },
    })
    await using kept = await storeOf([full, openRowOf(2)])
    expect(kept.store.read('call_000001')).toEqual(full)
    expect(kept.store.read('CA2')).toEqual(openRowOf(2))
    expect(kept.store.read('CA3')).toBeUndefined()
  })

  it('finds the newest call of a CallSid', async () => {
    await using kept = await storeOf([rowOf(2, { callSid: 'CA1' }), rowOf(1)])
    expect(kept.store.read('CA1')?.id).toBe('call_000002')
  })

  it('has one row for each call, the latest that came', async () => {
    await using kept = await storeOf([openRowOf(1, { state: 'connecting' }), openRowOf(1), rowOf(1)])
    expect(kept.store.search({ limit: 10 }).records).toEqual([rowOf(1)])
  })

  it('does not open a closed row again', async () => {
    await using kept = await storeOf([rowOf(1)])
    kept.store.keep({ rows: [toRow(openRowOf(1))], amendments: [] })
    expect(kept.store.read('call_000001')).toEqual(rowOf(1))
    kept.store.keep({ rows: [toRow(rowOf(1, { reason: 'busy' }))], amendments: [] })
    expect(kept.store.read('call_000001')?.reason).toBe('busy')
  })

  it('adds what is learned late, by id and by CallSid, to rows of the same batch, too', async () => {
    await using kept = await storeOf([rowOf(1)])
    const recording = { recordingSid: 'RE1', status: 'completed', url: 'https://example.com', durationSeconds: 9 }
    kept.store.keep({
      rows: [toRow(rowOf(2))],
      amendments: [
        { key: 'CA1', facts: { sipCode: 486 } },
        { key: 'call_000002', facts: { recordings: [recording] } },
        { key: 'call_000003', facts: { sipCode: 486 } },
      ],
    })
    expect(kept.store.read('call_000001')).toEqual(rowOf(1, { sipCode: 486 }))
    expect(kept.store.read('call_000002')).toEqual(rowOf(2, { recordings: [recording] }))
    expect(kept.store.search({ limit: 10 }).records).toHaveLength(2)
  })

  it('leaves out a row that cannot be kept, says why, and keeps the others', async () => {
    await using kept = await storeOf()
    const nameless: Row = [null, ...toRow(rowOf(2)).slice(1)]
    const faults = kept.store.keep({ rows: [toRow(rowOf(1)), nameless, toRow(rowOf(3))], amendments: [] })
    expect(faults.map(String)).toEqual([expect.stringContaining('NOT NULL constraint failed: calls.call_id')])
    expect(ids(kept.store.search({ limit: 10 }).records)).toEqual(['call_000003', 'call_000001'])
  })

  it('finds the same as a search through all rows would', async () => {
    const numbers = ['+15550000001', '+15550000002', '+15550000003']
    const drawn = fc.record({
      minute: fc.nat(6),
      from: fc.constantFrom(...numbers),
      to: fc.constantFrom(...numbers),
      isOver: fc.boolean(),
    })
    const asked = fc.record(
      {
        since: fc.nat(7).map((minute) => DAWN + minute * 60_000),
        until: fc.nat(7).map((minute) => DAWN + minute * 60_000),
        number: fc.constantFrom(...numbers),
        state: fc.constantFrom('ended', 'active', 'error'),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(drawn, { maxLength: 25 }),
        fc.array(asked, { minLength: 5 }),
        async (calls, queries) => {
          const rows = calls.map(({ minute, from, to, isOver }, index) =>
            (isOver ? rowOf : openRowOf)(index, { startedAt: DAWN + minute * 60_000, from, to }),
          )
          await using kept = await storeOf(rows)
          for (const each of queries) {
            let query: RecordQuery = { ...each, limit: 4 }
            do {
              const page = kept.store.search(query)
              expect(page).toEqual(pageOf(rows, query))
              query = { ...query, cursor: page.cursor }
            } while (query.cursor !== undefined)
          }
        },
      ),
      { numRuns: 15 },
    )
  })

  it('refuses a cursor that is none of its own', async () => {
    await using kept = await storeOf()
    expect(() => kept.store.search({ limit: 1, cursor: 'x' })).toThrow(/^expected a cursor/)
  })

  it('tells what nobody closed, oldest first, the newest where there are too many', async () => {
    await using kept = await storeOf([openRowOf(3), rowOf(2), openRowOf(1), openRowOf(4)])
    expect(ids(kept.store.open(10))).toEqual(['call_000001', 'call_000003', 'call_000004'])
    expect(ids(kept.store.open(2))).toEqual(['call_000003', 'call_000004'])
  })

  it('tells what ended last, by its end', async () => {
    await using kept = await storeOf([rowOf(1, { endedAt: DAWN + 9_999_999 }), rowOf(2), rowOf(3), openRowOf(4)])
    expect(ids(kept.store.latest(2))).toEqual(['call_000003', 'call_000001'])
  })

  it('forgets what ended before a time, in steps, and what must have', async () => {
    const day = 24 * 3_600_000
    const rows = [1, 2, 3].map((number) => rowOf(number, { endedAt: DAWN - number }))
    const lost = openRowOf(4, { startedAt: DAWN - day - 1 })
    const live = openRowOf(5, { startedAt: DAWN - day })
    await using kept = await storeOf([...rows, lost, live, rowOf(6, { endedAt: DAWN })])
    expect(kept.store.forget(DAWN, 2)).toBe(3)
    expect(kept.store.forget(DAWN, 2)).toBe(1)
    expect(kept.store.forget(DAWN, 2)).toBe(0)
    expect(ids(kept.store.search({ limit: 10 }).records).toSorted()).toEqual(['call_000005', 'call_000006'])
  })

  it('has nothing of a forgotten call left in its files', async () => {
    const folder = await temporaryFolder()
    await using _ = folder
    const store = new CallStore(join(folder.path, 'calls.db'), false)
    store.keep({ rows: [toRow(rowOf(1, { from: '+15550001111' })), toRow(rowOf(2))], amendments: [] })
    store.forget(DAWN + 100_000, 10)
    store.close()
    const files = await readdir(folder.path)
    const bytes = await Promise.all(files.map((name) => readFile(join(folder.path, name), 'latin1')))
    expect(bytes.join('')).toContain('+15551234567')
    expect(bytes.join('')).not.toContain('+15550001111')
  })

  it('remembers what is to be exported: closed rows, until it is done, and again when they learn more', async () => {
    await using kept = await storeOf([rowOf(2), rowOf(1), openRowOf(3)], { isExported: true })
    const due = kept.store.toExport(10)
    expect(ids(due)).toEqual(['call_000001', 'call_000002'])
    kept.store.noteExported(due)
    expect(kept.store.toExport(10)).toEqual([])
    kept.store.keep({ rows: [toRow(rowOf(3))], amendments: [{ key: 'CA1', facts: { sipCode: 200 } }] })
    expect(ids(kept.store.toExport(10))).toEqual(['call_000001', 'call_000003'])
  })

  it('has nothing to export where nobody asked for it', async () => {
    await using kept = await storeOf([rowOf(1)])
    expect(kept.store.toExport(10)).toEqual([])
  })

  it('leaves one whole file behind', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'calls.db')
    const store = new CallStore(path, false)
    store.keep({ rows: [toRow(rowOf(1))], amendments: [] })
    store.close()
    expect((await stat(path)).size).toBeGreaterThan(4_096)
    const sizes = await Promise.all(
      (await readdir(folder.path)).filter((name) => name !== 'calls.db').map((name) => stat(join(folder.path, name))),
    )
    // The log of what is not in it yet is empty.
    expect(sizes.filter(({ size }) => size > 32_768)).toEqual([])
  })
})
