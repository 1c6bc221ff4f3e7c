import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'libsql'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Archive, type ArchiveOptions, createArchive } from '../../src/archive/archive.ts'
import { ConfigurationError } from '../../src/errors.ts'
import type { CallRecord } from '../../src/records.ts'
import { build, temporaryFolder } from '../cli/program.ts'
import { listeningLogger, openRowOf, rowOf, type ToldLine } from './rows.ts'

const ids = (records: readonly CallRecord[]) => records.map(({ id }) => id)

interface Opened extends AsyncDisposable {
  readonly archive: Archive
  readonly told: readonly ToldLine[]
}

async function open(folder: string, options: Partial<ArchiveOptions> = {}): Promise<Opened> {
  const { logger, told } = listeningLogger()
  const archive = createArchive({ folder, retentionDays: 0, logger, ...options })
  await archive.open()
  return { archive, told, [Symbol.asyncDispose]: () => archive.close() }
}

describe('the call archive', () => {
  beforeAll(build)

  it('has a closed row on disk when it says so', async () => {
    await using folder = await temporaryFolder()
    await using opened = await open(folder.path)
    await opened.archive.closed(rowOf(1))
    // Somebody else's look at the file, not what memory holds.
    const database = new Database(join(folder.path, 'calls.db'))
    expect(database.prepare('SELECT call_id FROM calls').raw().all()).toEqual([['call_000001']])
    database.close()
    expect(opened.archive.health).toEqual({ ok: true, waiting: 0, lost: 0 })
  })

  it('remembers what ended lately when it is opened again, and finds what ended long ago', async () => {
    await using folder = await temporaryFolder()
    {
      await using opened = await open(folder.path)
      for (let number = 0; number < 1_050; number += 1) void opened.archive.closed(rowOf(number))
    }
    await using opened = await open(folder.path)
    const { archive } = opened
    const recent = archive.recent()
    expect(recent).toHaveLength(1_000)
    expect(recent[0]).toEqual(rowOf(1_049))
    expect(archive.find('CA50')).toEqual(rowOf(50))
    expect(archive.find('CA49')).toBeUndefined()
    expect(await archive.read('CA49')).toEqual(rowOf(49))
    expect(await archive.read('call_000049')).toEqual(rowOf(49))
    expect(await archive.read('CA9999')).toBeUndefined()
  })

  it('takes what it is told before it is open', async () => {
    await using folder = await temporaryFolder()
    const { logger } = listeningLogger()
    const archive = createArchive({ folder: folder.path, retentionDays: 0, logger })
    archive.opened(openRowOf(1))
    const kept = archive.closed(rowOf(2))
    await archive.open()
    await kept
    expect(ids((await archive.search({ limit: 10 })).records)).toEqual(['call_000002', 'call_000001'])
    await archive.close()
  })

  it('shows every call on its pages at once, written down or not', async () => {
    await using folder = await temporaryFolder()
    await using opened = await open(folder.path)
    const { archive } = opened
    for (let number = 0; number < 500; number += 1) {
      archive.opened(openRowOf(number))
      if (number % 2 === 0) void archive.closed(rowOf(number))
      if (number % 100 !== 99) continue
      const leafed: CallRecord[] = []
      let cursor: string | undefined
      do {
        const page = await archive.search({ limit: 64, cursor })
        leafed.push(...page.records)
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(leafed).toHaveLength(number + 1)
      expect(leafed).toEqual(
        Array.from({ length: number + 1 }, (_, index) =>
          index % 2 === 0 ? rowOf(index) : openRowOf(index),
        ).toReversed(),
      )
    }
  })

  it('searches', async () => {
    await using folder = await temporaryFolder()
    await using opened = await open(folder.path)
    const { archive } = opened
    await archive.closed(rowOf(1, { to: '+15559' }))
    await archive.closed(rowOf(2, { from: '+15559', state: 'error' }))
    archive.opened(openRowOf(3))
    const found = async (query: object) => ids((await archive.search({ limit: 10, ...query })).records)
    expect(await found({ number: '+15559' })).toEqual(['call_000002', 'call_000001'])
    expect(await found({ number: '+15559', state: 'error' })).toEqual(['call_000002'])
    expect(await found({ state: 'active' })).toEqual(['call_000003'])
    expect(await found({ since: rowOf(2).startedAt })).toEqual(['call_000003', 'call_000002'])
    expect(await found({ until: rowOf(2).startedAt })).toEqual(['call_000001'])
    await expect(archive.search({ limit: 10, cursor: 'x' })).rejects.toMatchObject({ code: 'QUERY_INVALID' })
  })

  it('learns more of calls that are over, those that only the file knows, too', async () => {
    await using folder = await temporaryFolder()
    {
      await using opened = await open(folder.path)
      for (let number = 0; number < 1_001; number += 1) void opened.archive.closed(rowOf(number))
    }
    await using opened = await open(folder.path)
    const { archive } = opened
    expect(archive.find('CA0')).toBeUndefined()
    await archive.amend('CA0', { sipCode: 486 })
    await archive.amend('CA1000', { answeredBy: 'human' })
    await archive.amend('CA-of-somebody-else', { answeredBy: 'human' })
    expect(await archive.read('call_000000')).toEqual(rowOf(0, { sipCode: 486 }))
    expect(archive.find('CA1000')).toEqual(rowOf(1_000, { answeredBy: 'human' }))
    const { records } = await archive.search({ limit: 1 })
    expect(records).toEqual([rowOf(1_000, { answeredBy: 'human' })])
  })

  it('tells which rows an earlier run left open, and none of its own', async () => {
    await using folder = await temporaryFolder()
    {
      await using opened = await open(folder.path)
      opened.archive.opened(openRowOf(2))
      opened.archive.opened(openRowOf(1))
      await opened.archive.closed(rowOf(3))
    }
    await using opened = await open(folder.path)
    const { archive } = opened
    archive.opened(openRowOf(4))
    await archive.closed(rowOf(5))
    expect(await archive.openRows()).toEqual([openRowOf(1), openRowOf(2)])
    await archive.closed(rowOf(1, { reason: 'internal error' }))
    expect(ids(await archive.openRows())).toEqual(['call_000002'])
    expect(archive.find('CA1')?.reason).toBe('internal error')
  })

  it('forgets calls that ended too long ago, in memory, too', async () => {
    await using folder = await temporaryFolder()
    const old = Date.now() - 3 * 24 * 3_600_000
    {
      await using opened = await open(folder.path)
      for (let number = 0; number < 300; number += 1) void opened.archive.closed(rowOf(number, { endedAt: old }))
      void opened.archive.closed(rowOf(300, { endedAt: Date.now() }))
    }
    await using opened = await open(folder.path, { retentionDays: 2 })
    const { archive } = opened
    while (archive.recent().length > 1) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(ids(archive.recent())).toEqual(['call_000300'])
    expect(ids((await archive.search({ limit: 10 })).records)).toEqual(['call_000300'])
    expect(await archive.read('CA1')).toBeUndefined()
  })

  it('exports each closed row', async () => {
    await using folder = await temporaryFolder()
    const exportFolder = join(folder.path, 'export')
    {
      await using opened = await open(folder.path, { exportFolder })
      opened.archive.opened(openRowOf(2))
      await opened.archive.closed(rowOf(1))
    }
    const lines = (await readFile(join(exportFolder, '2026-11-25.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ call_id: 'call_000001', reason: 'caller hung up' }),
    ])
  })

  it('has a folder for itself', async () => {
    await using folder = await temporaryFolder()
    await using opened = await open(folder.path)
    await expect(open(folder.path)).rejects.toThrow(ConfigurationError)
    await expect(open(folder.path)).rejects.toThrow(`got ${folder.path}, which process ${process.pid} has`)
    // Those who were refused have taken nothing away.
    await opened.archive.closed(rowOf(1))
    expect(opened.told).toEqual([])
  })

  it('refuses the file of a newer program, and lets go of the folder', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'calls.db')
    const database = new Database(path)
    database.exec('PRAGMA user_version = 7')
    database.close()
    await expect(open(folder.path)).rejects.toThrow(
      /^the call archive in .* is not for use: expected .* version 1, got version 7/,
    )
    await expect(open(folder.path)).rejects.toThrow(ConfigurationError)
    await rm(path)
    await using opened = await open(folder.path)
    await opened.archive.closed(rowOf(1))
  })

  /** What cannot be opened, until something else is put in its place. */
  async function openBroken(folder: string) {
    const path = join(folder, 'calls.db')
    await mkdir(join(folder, 'no-file'))
    await symlink('no-file', path)
    const opened = await open(folder)
    const mend = async (text: string) => {
      await writeFile(join(folder, 'mended'), text)
      await rename(join(folder, 'mended'), path)
    }
    return { ...opened, mend, [Symbol.asyncDispose]: () => opened.archive.close() }
  }

  it('opens in spite of a broken file, and writes what waits when it is mended', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openBroken(folder.path)
    const { archive, told } = opened
    expect(archive.health).toEqual({ ok: false, waiting: 0, lost: 0 })
    archive.opened(openRowOf(1))
    // Nobody waits for what is known to take long.
    await archive.closed(rowOf(2))
    expect(archive.health.waiting).toBe(2)
    expect(ids((await archive.search({ limit: 10 })).records)).toEqual(['call_000002', 'call_000001'])
    await opened.mend('')
    while (!archive.health.ok || archive.health.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(archive.health).toEqual({ ok: true, waiting: 0, lost: 0 })
    expect(ids((await archive.search({ limit: 10 })).records)).toEqual(['call_000002', 'call_000001'])
    expect(told.map(({ level, msg }) => `${level} ${msg.split(/[:,]/)[0]}`)).toEqual([
      '50 call records cannot be written down',
      '50 the call archive does not answer',
      '40 call records are written down again',
      '40 the call archive answers again',
    ])
  })

  it('goes on in memory when what it opens late is none of its own', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openBroken(folder.path)
    const { archive, told } = opened
    await archive.closed(rowOf(1))
    await opened.mend('somebody’s diary '.repeat(1_000))
    while (archive.health.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(told.at(-1)).toMatchObject({ cause: expect.stringContaining('not a database'), rows: 1 })
    expect(told.at(-1)?.msg).toMatch(/^the call archive has failed for good/)
    expect(archive.health).toEqual({ ok: false, waiting: 0, lost: 1 })
    expect(ids((await archive.search({ limit: 10 })).records)).toEqual(['call_000001'])
  })

  it('is closed once, however often it is asked, and writes nothing afterwards', async () => {
    await using folder = await temporaryFolder()
    const { archive } = await open(folder.path)
    archive.opened(openRowOf(1))
    await Promise.all([archive.close(), archive.close()])
    await archive.closed(rowOf(2))
    expect(ids(archive.recent())).toEqual(['call_000002'])
    await using opened = await open(folder.path)
    expect(ids((await opened.archive.search({ limit: 10 })).records)).toEqual(['call_000001'])
  })

  it('can be closed without ever having been opened', async () => {
    await using folder = await temporaryFolder()
    const { logger, told } = listeningLogger()
    const archive = createArchive({ folder: folder.path, retentionDays: 0, logger })
    await archive.close()
    expect(told).toEqual([])
  })
})
