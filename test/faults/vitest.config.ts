import { defineConfig } from 'vitest/config'

/** The faults alone, and the table of them. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/faults/**/*.test.ts'],
    exclude: ['test/faults/table.test.ts'],
    reporters: ['default', './test/faults/table-writer.ts', './test/closing-line.ts'],
    testTimeout: 60_000,
    maxWorkers: '100%',
  },
})
