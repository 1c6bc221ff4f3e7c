import { describe, expect, it } from 'vitest'
import { type Column, formatTable } from '../../src/cli/table.ts'

interface Row {
  readonly name: string
  readonly ms?: number
}

const COLUMNS: readonly Column<Row>[] = [
  ['name', (row) => row.name],
  ['ms', (row) => row.ms],
  ['end', () => 'x'],
]

describe('a table', () => {
  it('aligns its columns to the widest cell, heading or not, with nothing after the last', () => {
    const rows = [{ name: 'a', ms: 1_234.56 }, { name: 'a longer one' }]
    expect(formatTable(COLUMNS, rows)).toBe(
      ['name          ms      end', 'a             1234.6  x', 'a longer one  -       x', ''].join('\n'),
    )
  })

  it('rounds numbers to one decimal and leaves text alone', () => {
    expect(formatTable([['v', (row: { v: number | string }) => row.v]], [{ v: 0.05 }, { v: 3 }, { v: '0.9999' }])).toBe(
      'v\n0.1\n3\n0.9999\n',
    )
  })

  it('shows its headings when there are no rows', () => {
    expect(formatTable(COLUMNS, [])).toBe('name  ms  end\n')
  })
})
