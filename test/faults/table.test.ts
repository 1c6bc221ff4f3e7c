import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { CATALOGUE } from './catalogue.ts'
import { readTable, TABLE_FILE, writeTable } from './table.ts'

const all = CATALOGUE.flatMap(({ title, faults }) => faults.map((fault) => ({ title, ...fault })))

describe('the table of faults', () => {
  it('has a row for each fault that is made, with what is expected of it, and no other', () => {
    const written = new Map(all.map(({ title, name, expected }) => [`${title}: ${name}`, expected]))
    expect(written.size).toBe(all.length)
    expect(readTable(readFileSync(TABLE_FILE, 'utf8'))).toEqual(written)
  })

  it('is read as it was written, whatever the words', () => {
    const sighting = { area: 'Odd', name: 'a | b', expected: '`x|y`', seen: 'seen', others: '20 ms' }
    expect(readTable(writeTable([sighting]))).toEqual(new Map([['Odd: a | b', '`x|y`']]))
  })
})
