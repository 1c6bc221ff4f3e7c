import { defineConfig } from 'vitest/config'

const VIEWS =
  'activity-view asking-dialog call-actions call-head calls-list chart-tabs chart-view details dial-dialog element ' +
  'inspector-page main message-bar meters-view recording-file requests sequence-view shortcuts theme time-travel ' +
  'transfer-dialog viewport'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // Time is no matter here: `npm run fuzz` looks at it.
    exclude: ['test/fuzz/growth.test.ts'],
    reporters: ['default', './test/closing-line.ts'],
    setupFiles: ['./test/property-seed.ts'],
    testTimeout: 20_000,
    // Much of a run is waiting for sockets, so that two cores have enough for three; by default one of them would be left free.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: ['machines/**/*.ts', 'src/**/*.ts'],
      // The page's views run in the browser of test/browser, where no lines are counted.
      exclude: [
        'src/bench/**',
        'src/soak/**',
        'src/examples/**',
        ...VIEWS.split(' ').map((view) => `src/inspector/page/${view}.ts`),
      ],
      reportsDirectory: 'coverage',
      reporter: ['text-summary', 'html'],
      thresholds: { statements: 92, branches: 86, functions: 90, lines: 93 },
    },
  },
})
