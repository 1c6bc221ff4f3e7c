import { describe, expect, it } from 'vitest'
import type { SoakOptions } from '../../src/soak/options.ts'
import { soak } from '../../src/soak/soak.ts'

const OPTIONS: SoakOptions = {
  minutes: 0.6,
  calls: 3,
  seed: 7,
  isSimulated: true,
  keepsArchive: false,
  json: false,
  isVerbose: true,
  only: undefined,
}

async function play(options: Partial<SoakOptions> = {}) {
  const lines: string[] = []
  const result = await soak({ ...OPTIONS, ...options }, (line) => lines.push(line))
  return { ...result, courses: lines.filter((line) => /^\d+\/\d+ /.test(line)) }
}

/** Dozens of calls take what the machine needs for them; of what is promised here, nothing depends on that. */
const PATIENCE = { timeout: 90_000 }

describe('a short soak in simulated time', () => {
  it('carries calls of all kinds, makes trouble for some of them, and finds every promise kept', PATIENCE, async () => {
    const { tally, courses, memory } = await play()
    expect(tally.breaches).toEqual([])
    expect(tally.calls).toBe(courses.length)
    expect(tally.calls).toBeGreaterThanOrEqual(12)
    expect(tally.unharmed).toBeGreaterThanOrEqual(4)
    expect(tally.unharmed).toBeLessThan(tally.calls)
    expect(tally.roles.size).toBeGreaterThanOrEqual(5)
    expect(tally.troubles.size).toBeGreaterThanOrEqual(4)
    expect(memory).toHaveLength(3)
  })

  it('goes the same way again from the same seed', PATIENCE, async () => {
    const only = ['0/1000', '1/1003']
    const [one, again] = [await play({ only }), await play({ only })]
    expect(one.courses).toHaveLength(only.length)
    expect(again.courses.toSorted()).toEqual(one.courses.toSorted())
    expect(again.tally.digest).toBe(one.tally.digest)
  })
})
