import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { CallStore } from '../../src/archive/call-store.ts'
import { exportAll } from '../../src/archive/export-all.ts'
import { toExportLine } from '../../src/archive/export-line.ts'
import { toRow } from '../../src/archive/row.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { temporaryFolder } from '../cli/program.ts'
import { DAWN, openRowOf, rowOf } from './rows.ts'

describe('the export of all calls', () => {
  it('writes every row, a file for each day, while a server has the archive open', async () => {
    await using folder = await temporaryFolder()
    const store = new CallStore(join(folder.path, 'calls.db'), false)
    const early = rowOf(2, { endedAt: DAWN - 1 })
    store.keep({ rows: [rowOf(3), early, rowOf(1), openRowOf(4)].map(toRow), amendments: [] })
    const to = join(folder.path, 'export')
    expect(exportAll({ folder: folder.path, to })).toEqual({
      calls: 4,
      files: ['2026-11-24.jsonl', '2026-11-25.jsonl'],
    })
    expect(await readdir(to)).toEqual(['2026-11-24.jsonl', '2026-11-25.jsonl'])
    expect(await readFile(join(to, '2026-11-24.jsonl'), 'utf8')).toBe(toExportLine(early))
    expect(await readFile(join(to, '2026-11-25.jsonl'), 'utf8')).toBe(
      [rowOf(1), rowOf(3), openRowOf(4)].map(toExportLine).join(''),
    )
    expect((await stat(join(to, '2026-11-25.jsonl'))).mode & 0o777).toBe(0o600)
    store.keep({ rows: [toRow(rowOf(4))], amendments: [] })
    store.close()
  })

  it('replaces what an earlier one wrote', async () => {
    await using folder = await temporaryFolder()
    const store = new CallStore(join(folder.path, 'calls.db'), false)
    store.keep({ rows: [toRow(rowOf(1))], amendments: [] })
    store.close()
    await writeFile(join(folder.path, '2026-11-25.jsonl'), 'old')
    exportAll({ folder: folder.path, to: folder.path })
    expect(await readFile(join(folder.path, '2026-11-25.jsonl'), 'utf8')).toBe(toExportLine(rowOf(1)))
  })

  it('leaves a day as it was when it cannot write it whole', async () => {
    await using folder = await temporaryFolder()
    const store = new CallStore(join(folder.path, 'calls.db'), false)
    store.keep({ rows: [toRow(rowOf(1))], amendments: [] })
    store.close()
    await mkdir(join(folder.path, '2026-11-25.jsonl'))
    expect(() => exportAll({ folder: folder.path, to: folder.path })).toThrow(/EISDIR/)
  })

  it('says so where there is no archive, and makes none', async () => {
    await using folder = await temporaryFolder()
    const act = () => exportAll({ folder: folder.path, to: join(folder.path, 'export') })
    expect(act).toThrow(ConfigurationError)
    expect(act).toThrow(`expected a call archive, found no ${join(folder.path, 'calls.db')}`)
    expect(await readdir(folder.path)).toEqual([])
  })

  it('reads no archive of another version', async () => {
    await using folder = await temporaryFolder()
    const database = new Database(join(folder.path, 'calls.db'))
    database.exec('PRAGMA user_version = 9')
    database.close()
    expect(() => exportAll({ folder: folder.path, to: folder.path })).toThrow(/version 1, got version 9: read it with/)
  })
})
