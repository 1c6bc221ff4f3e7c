import { beforeAll, describe, expect, it } from 'vitest'
import { createArchive } from '../../src/archive/archive.ts'
import { build, temporaryFolder } from '../cli/program.ts'
import { startArchiveProgram } from './archive-program.ts'
import { listeningLogger } from './rows.ts'

async function reopened(folder: string) {
  const { logger, told } = listeningLogger()
  const archive = createArchive({ folder, retentionDays: 0, logger })
  await archive.open()
  return { archive, told, [Symbol.asyncDispose]: () => archive.close() }
}

describe('an archive whose process is killed', () => {
  beforeAll(build)

  it('has every call that it said was kept', async () => {
    await using folder = await temporaryFolder()
    const script = `
      const archive = await open()
      for (let number = 0; ; number += 1) {
        archive.opened(openRowOf(number))
        void archive.closed(rowOf(number)).then(() => say('kept ' + rowOf(number).id))
        if (number % 20 === 19) await pause(1)
      }`
    await using program = startArchiveProgram(folder.path, script)
    // In the middle of whatever it is doing then.
    await program.says(/kept call_000500/, 'stdout')
    program.signal('SIGKILL')
    await program.ended
    // A line that was not written whole may be the beginning of another call's.
    const said = program.stdout.match(/kept \w+(?=\n)/g)?.map((line) => line.slice('kept '.length)) ?? []
    expect(said.length).toBeGreaterThan(500)
    await using again = await reopened(folder.path)
    const kept = await Promise.all(said.map((id) => again.archive.read(id)))
    expect(kept.filter((record) => record?.endedAt === undefined)).toEqual([])
    expect(again.told).toEqual([])
  })

  it('has the calls that were under way, as they were told last', async () => {
    await using folder = await temporaryFolder()
    const script = `
      const archive = await open()
      for (const number of [1, 2, 3]) archive.opened({ ...openRowOf(number), state: 'connecting' })
      for (const number of [1, 2, 3]) archive.updated(openRowOf(number))
      void archive.closed(rowOf(2))
      while (archive.health.waiting > 0) await pause(1)
      say('written')
      await pause(60_000)`
    await using program = startArchiveProgram(folder.path, script)
    await program.says(/written/, 'stdout')
    program.signal('SIGKILL')
    await program.ended
    await using again = await reopened(folder.path)
    const rows = await again.archive.openRows()
    expect(rows.map(({ id, state, endedAt }) => ({ id, state, endedAt }))).toEqual([
      { id: 'call_000001', state: 'active', endedAt: undefined },
      { id: 'call_000003', state: 'active', endedAt: undefined },
    ])
    expect(again.archive.find('CA2')?.reason).toBe('caller hung up')
  })
})
