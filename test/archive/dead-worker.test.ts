import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Archive, type ArchiveOptions, createArchive } from '../../src/archive/archive.ts'
import { build, ROOT, temporaryFolder } from '../cli/program.ts'
import { listeningLogger, openRowOf, rowOf, type ToldLine } from './rows.ts'

const REAL = pathToFileURL(join(ROOT, 'dist/src/archive/archive-worker.js')).href

/** Does something else first with each message. */
const ahead = (act: string) => `
  import { existsSync, writeFileSync } from 'node:fs'
  import { parentPort, workerData } from 'node:worker_threads'
  const flag = workerData.path + '.flag'
  const on = parentPort.on.bind(parentPort)
  parentPort.on = (name, listener) => on(name, (message) => { ${act}; listener(message) })
  await import(${JSON.stringify(REAL)})`

const WORKERS = {
  'dies at its first batch': ahead(`
    if (message.what === 'keep' && !existsSync(flag)) {
      writeFileSync(flag, '')
      throw new Error('no library for this')
    }`),
  'dies at every batch': ahead("if (message.what === 'keep') process.exit(7)"),
  'dies at every question': ahead("if (message.what === 'ask') process.exit(7)"),
  'cannot be started': "throw new Error('no library for this')",
  'hangs at its first batch': ahead("if (message.what === 'keep') for (;;);"),
}

async function archiveWhose(worker: keyof typeof WORKERS, options: Partial<ArchiveOptions> = {}) {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'worker.mjs')
  await writeFile(file, WORKERS[worker])
  const { logger, told } = listeningLogger()
  const archive = createArchive({
    folder: folder.path,
    retentionDays: 0,
    logger,
    workerFile: pathToFileURL(file),
    ...options,
  })
  const dispose = async () => {
    await archive.close()
    await folder[Symbol.asyncDispose]()
  }
  return { archive, told, folder: folder.path, [Symbol.asyncDispose]: dispose }
}

const begins = (told: readonly ToldLine[]) => told.map(({ msg }) => msg.split(':')[0])

async function idsOf(archive: Archive): Promise<readonly string[]> {
  return (await archive.search({ limit: 10 })).records.map(({ id }) => id)
}

/** However long that takes on a busy machine. */
async function openWell({ archive, told }: { readonly archive: Archive; readonly told: ToldLine[] }): Promise<void> {
  await archive.open()
  while (!archive.health.ok) await new Promise((resolve) => setTimeout(resolve, 5))
  told.length = 0
}

describe('an archive whose worker', () => {
  beforeAll(build)

  it('dies once starts it again, and loses nothing', async () => {
    await using dead = await archiveWhose('dies at its first batch')
    await dead.archive.open()
    dead.archive.opened(openRowOf(1))
    await dead.archive.closed(rowOf(2))
    expect(begins(dead.told)).toEqual(["the call archive's thread died"])
    expect(dead.told[0]?.cause).toBe('no library for this')
    expect(dead.archive.health).toEqual({ ok: true, waiting: 0, lost: 0 })
    await dead.archive.close()
    const again = createArchive({ folder: dead.folder, retentionDays: 0, logger: listeningLogger().logger })
    await again.open()
    expect(await idsOf(again)).toEqual(['call_000002', 'call_000001'])
    await again.close()
  })

  it('dies whenever it is to write goes on in memory, and says so', async () => {
    await using dead = await archiveWhose('dies at every batch')
    await dead.archive.open()
    dead.archive.opened(openRowOf(1))
    await dead.archive.closed(rowOf(2))
    await dead.archive.closed(rowOf(3))
    expect(begins(dead.told)).toEqual(["the call archive's thread died", 'the call archive has failed for good'])
    expect(dead.told[1]).toMatchObject({ cause: 'its thread ended with code 7', rows: 2 })
    expect(dead.archive.health).toEqual({ ok: false, waiting: 0, lost: 2 })
    expect(await idsOf(dead.archive)).toEqual(['call_000003', 'call_000002', 'call_000001'])
    expect((await dead.archive.read('CA1'))?.state).toBe('active')
    expect(await dead.archive.read('CA9')).toBeUndefined()
    expect(await dead.archive.openRows()).toEqual([])
  })

  it('cannot be started lets calls go on all the same', async () => {
    await using dead = await archiveWhose('cannot be started')
    await dead.archive.open()
    await dead.archive.closed(rowOf(1))
    expect(begins(dead.told)).toEqual(["the call archive's thread died", 'the call archive has failed for good'])
    expect(await idsOf(dead.archive)).toEqual(['call_000001'])
  })

  it('is not there at all lets calls go on all the same', async () => {
    const workerFile = new URL('no-such-worker.js', import.meta.url)
    await using dead = await archiveWhose('cannot be started', { workerFile })
    await dead.archive.open()
    await dead.archive.closed(rowOf(1))
    expect(dead.told.at(-1)?.cause).toContain('no-such-worker.js')
  })

  it('dies while it is asked answers from memory', async () => {
    await using dead = await archiveWhose('dies at every question')
    await dead.archive.open()
    await dead.archive.closed(rowOf(1))
    expect(await idsOf(dead.archive)).toEqual(['call_000001'])
    const expected = ['the call archive does not answer', "the call archive's thread died"]
    expect(new Set(begins(dead.told))).toEqual(new Set(expected))
    // What it writes is not the worse for it.
    await dead.archive.closed(rowOf(2))
    expect(dead.archive.health).toEqual({ ok: true, waiting: 0, lost: 0 })
  })

  it('hangs keeps nobody waiting longer than patience lasts', async () => {
    await using dead = await archiveWhose('hangs at its first batch', { patienceMs: 200 })
    await openWell(dead)
    await dead.archive.closed(rowOf(1))
    await dead.archive.amend('CA7', { sipCode: 486 })
    expect(await idsOf(dead.archive)).toEqual(['call_000001'])
    expect(begins(dead.told)).toEqual(['call records cannot be written down', 'the call archive does not answer'])
    expect(dead.archive.health).toEqual({ ok: false, waiting: 2, lost: 0 })
    await dead.archive.close()
    expect(dead.told.at(-1)).toMatchObject({ msg: 'call records were lost', rows: 2 })
    expect(dead.archive.health).toMatchObject({ waiting: 0, lost: 2 })
  })

  it('has more questions than it can answer is asked no more until it has', async () => {
    await using dead = await archiveWhose('hangs at its first batch', { patienceMs: 500 })
    await openWell(dead)
    void dead.archive.closed(rowOf(1))
    await Promise.all(Array.from({ length: 101 }, () => dead.archive.read('CA9')))
    expect(dead.told.map(({ cause }) => cause)).toContain('it has 100 questions to answer already')
  })
})
