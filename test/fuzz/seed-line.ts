import type { Reporter, Vitest } from 'vitest/node'

/** Says before and after a run how to have the very same one again. */
export default class SeedLine implements Reporter {
  #words = ''

  onInit({ config }: Vitest): void {
    const { FUZZ_CASES: cases = '', FUZZ_SEED: seed = '' } = config.env
    this.#words = `fuzz: ${cases} cases a target; the same again: FUZZ_CASES=${cases} FUZZ_SEED=${seed} npm run fuzz\n`
    process.stdout.write(this.#words)
  }

  onTestRunEnd(): void {
    // After the default reporter's own summary, which is printed in the same turn.
    process.on('exit', () => process.stdout.write(this.#words))
  }
}
