/** A heading and how to read the cell from a row. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => string | number | undefined]

/** Rows as aligned plain text; numbers to one decimal, what is missing as `-`. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, cell]) => toText(cell(row)))),
  ]
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)))
  return cells
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function toText(value: string | number | undefined): string {
  if (value === undefined) return '-'
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : value
}
