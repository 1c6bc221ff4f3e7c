import { defineConfig } from 'vitest/config'

/** As many cases of each target as it takes to find what `npm test` has no time for. */
const CASES = '100000'

const { FUZZ_CASES: cases = CASES, FUZZ_SEED: seed = String(Math.floor(Math.random() * 0x7fffffff)) } = process.env

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/fuzz/**/*.test.ts'],
    env: { FUZZ_CASES: cases, FUZZ_SEED: seed },
    reporters: ['verbose', './test/fuzz/seed-line.ts', './test/closing-line.ts'],
    testTimeout: 600_000,
  },
})
