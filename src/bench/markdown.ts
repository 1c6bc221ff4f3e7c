/** A heading, and the cell in words. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => string]

export function markdownTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(([, cell]) => cell(row)))
  const widths = columns.map(([heading], at) => Math.max(heading.length, ...cells.map((line) => line[at]?.length ?? 0)))
  const line = (texts: readonly string[]) => `| ${texts.map((text, at) => text.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  return [line(columns.map(([heading]) => heading)), rule, ...cells.map(line)].join('\n')
}

/** Three digits that mean something, or `-`. */
export function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-'
  const size = Math.abs(value)
  return value.toFixed(size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

/** Several quantiles in one cell; `-` when there is nothing they could be of. */
export function figures(count: number | undefined, ...values: readonly (number | undefined)[]): string {
  return count === undefined || count === 0 ? '-' : values.map(figure).join(' / ')
}
