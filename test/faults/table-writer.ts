import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'
import type { Sighting } from './fault.ts'
import { TABLE_FILE, writeTable } from './table.ts'

/** Writes the table of faults after a run in which all of them went as they must. */
export default class TableWriter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    if (tests.some((test) => test.result().state === 'failed')) return
    const sightings = tests.flatMap((test): readonly Sighting[] => {
      const { fault } = test.meta()
      return fault === undefined ? [] : [fault]
    })
    writeFileSync(TABLE_FILE, writeTable(sightings))
  }
}
