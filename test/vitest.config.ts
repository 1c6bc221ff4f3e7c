import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: ['machines/**/*.ts', 'src/**/*.ts'],
      exclude: ['src/bench/**', 'src/examples/**'],
      reportsDirectory: 'coverage',
      reporter: ['text-summary', 'html'],
      thresholds: { statements: 92, branches: 86, functions: 90, lines: 93 },
    },
  },
})
