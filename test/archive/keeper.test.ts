import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { Keeper } from '../../src/archive/keeper.ts'
import type { ArchiveSettings, FromWorker, ToWorker } from '../../src/archive/messages.ts'
import { toRow } from '../../src/archive/row.ts'
import type { CallRecord } from '../../src/records.ts'
import { temporaryFolder } from '../cli/program.ts'
import { DAWN, openRowOf, rowOf } from './rows.ts'

const DAY_MS = 24 * 3_600_000

type Saying = FromWorker['what']

/** The worker's side in this thread, where a test can see what it says. */
class Side {
  readonly said: FromWorker[] = []
  readonly #keeper: Keeper
  readonly #looks = new Set<() => void>()

  constructor(folder: string, settings: Partial<ArchiveSettings> = {}, now = DAWN) {
    const whole = { path: join(folder, 'calls.db'), retentionDays: 0, exportFolder: undefined, ...settings }
    const post = (message: FromWorker) => {
      this.said.push(message)
      for (const look of this.#looks) look()
    }
    this.#keeper = new Keeper(whole, post, () => now)
  }

  start(): this {
    this.#keeper.start()
    return this
  }

  tell(message: ToWorker): void {
    this.#keeper.handle(message)
  }

  keep(...rows: readonly CallRecord[]): void {
    this.tell({ what: 'keep', batch: { rows: rows.map(toRow), amendments: [] } })
  }

  get sayings(): readonly Saying[] {
    return this.said.map(({ what }) => what)
  }

  /** Resolves when it has been said for the `times`th time. */
  says(what: Saying, times = 1): Promise<void> {
    return this.sees(() => this.sayings.filter((each) => each === what).length >= times)
  }

  /** Resolves when it is so after something was said. */
  sees(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return
        this.#looks.delete(look)
        resolve()
      }
      this.#looks.add(look)
      look()
    })
  }

  ids(): readonly string[] {
    this.tell({ what: 'ask', number: 1, question: { about: 'page', query: { limit: 1_000 } } })
    const last = this.said.at(-1)
    if (last?.what !== 'answer') throw new Error(`expected an answer, got ${JSON.stringify(last)}`)
    return (last.answer as { records: readonly CallRecord[] }).records.map(({ id }) => id)
  }

  [Symbol.dispose](): void {
    this.tell({ what: 'close' })
  }
}

/** Turns of the event loop until it is so: the keeper's next steps are timers of no length. */
async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

describe('the keeper of the archive', () => {
  it('opens the file, tells what ended last, and confirms each batch', async () => {
    await using folder = await temporaryFolder()
    {
      using side = new Side(folder.path).start()
      expect(side.said).toEqual([{ what: 'opened', recent: [] }])
      side.keep(rowOf(2), rowOf(1), openRowOf(3))
      expect(side.said.at(-1)).toEqual({ what: 'kept', faults: [] })
    }
    using side = new Side(folder.path).start()
    expect(side.said).toEqual([{ what: 'opened', recent: [rowOf(1), rowOf(2)] }])
  })

  it('answers questions', async () => {
    await using folder = await temporaryFolder()
    using side = new Side(folder.path).start()
    side.keep(rowOf(1), openRowOf(2))
    side.tell({ what: 'ask', number: 7, question: { about: 'call', key: 'CA1' } })
    expect(side.said.at(-1)).toEqual({ what: 'answer', number: 7, answer: rowOf(1) })
    side.tell({ what: 'ask', number: 8, question: { about: 'open' } })
    expect(side.said.at(-1)).toEqual({ what: 'answer', number: 8, answer: [openRowOf(2)] })
    side.tell({ what: 'ask', number: 9, question: { about: 'page', query: { limit: 0 } } })
    expect(side.said.at(-1)).toEqual({
      what: 'noAnswer',
      number: 9,
      message: 'expected a limit from 1 to 1000, got 0',
    })
  })

  it('tells once that it cannot open the file, and writes what waits when it can', async () => {
    await using folder = await temporaryFolder()
    const absent = join(folder.path, 'unmounted')
    using side = new Side(absent).start()
    side.keep(rowOf(1))
    side.tell({ what: 'ask', number: 1, question: { about: 'call', key: 'CA1' } })
    expect(side.said).toEqual([
      { what: 'trouble', part: 'rows', message: expect.stringContaining('Unable to open') },
      { what: 'noAnswer', number: 1, message: 'the archive is not open' },
    ])
    await mkdir(absent)
    await side.says('healed')
    expect(side.sayings.slice(2)).toEqual(['opened', 'kept', 'healed'])
    expect(side.ids()).toEqual(['call_000001'])
  })

  it.each([
    ['a file that is no database', 'this is somebody’s diary '.repeat(1_000)],
    ['a file that is not whole', 'SQLite format 4'],
  ])('refuses %s, and leaves it alone', async (_, text) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'calls.db')
    await writeFile(path, text)
    using side = new Side(folder.path).start()
    expect(side.said).toEqual([{ what: 'refused', message: expect.stringContaining('not a database') }])
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  it('waits while somebody else writes to the file, and tells it when that takes long', async () => {
    await using folder = await temporaryFolder()
    using side = new Side(folder.path).start()
    const other = new Database(join(folder.path, 'calls.db'))
    other.exec('BEGIN IMMEDIATE')
    side.keep(rowOf(1))
    expect(side.said.at(-1)).toEqual({ what: 'trouble', part: 'rows', message: 'database is locked' })
    expect(side.ids()).toEqual([])
    other.exec('COMMIT')
    other.close()
    await side.says('healed')
    expect(side.ids()).toEqual(['call_000001'])
  })

  it('deletes what is older than it is to be, in steps, and writes in between', async () => {
    await using folder = await temporaryFolder()
    const old = Array.from({ length: 500 }, (_, number) => rowOf(number))
    {
      using side = new Side(folder.path).start()
      side.keep(...old, rowOf(5_000))
    }
    using side = new Side(folder.path, { retentionDays: 3 }, DAWN + 3 * DAY_MS + 1_000 * 60_000).start()
    // One step, and not all five hundred, before anything else gets its turn.
    expect(side.ids()).toHaveLength(301)
    side.keep(rowOf(5_001))
    await eventually(() => side.ids().length === 2)
    expect(side.ids()).toEqual(['call_005001', 'call_005000'])
  })

  it('keeps everything for ever when it is to', async () => {
    await using folder = await temporaryFolder()
    {
      using side = new Side(folder.path).start()
      side.keep(rowOf(1))
    }
    using side = new Side(folder.path, { retentionDays: 0 }, DAWN + 9_999 * DAY_MS).start()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(side.ids()).toEqual(['call_000001'])
  })

  it('exports rows that are closed, each once, the rest when it is started again', async () => {
    await using folder = await temporaryFolder()
    const exportFolder = join(folder.path, 'export')
    const file = join(exportFolder, '2026-11-25.jsonl')
    const lines = async () => (await readFile(file, 'utf8')).match(/"call_id":"\w+"/g)
    {
      using side = new Side(folder.path, { exportFolder }).start()
      side.keep(rowOf(1), openRowOf(2))
    }
    expect(await lines()).toEqual(['"call_id":"call_000001"'])
    {
      using side = new Side(folder.path, { exportFolder }).start()
      side.keep(rowOf(2))
      side.tell({ what: 'keep', batch: { rows: [], amendments: [{ key: 'CA1', facts: { sipCode: 200 } }] } })
    }
    expect((await lines())?.slice(1)).toEqual(['"call_id":"call_000001"', '"call_id":"call_000002"'])
  })

  it('exports without being told to', async () => {
    await using folder = await temporaryFolder()
    const exportFolder = join(folder.path, 'export')
    using side = new Side(folder.path, { exportFolder }).start()
    side.keep(rowOf(1))
    await eventually(() => existsSync(join(exportFolder, '2026-11-25.jsonl')))
    expect(await readFile(join(exportFolder, '2026-11-25.jsonl'), 'utf8')).toContain('"call_id":"call_000001"')
  })

  it('tells that it cannot export, goes on keeping, and exports what waited', async () => {
    await using folder = await temporaryFolder()
    const exportFolder = join(folder.path, 'export')
    await writeFile(exportFolder, 'a file where a folder is expected')
    using side = new Side(folder.path, { exportFolder }).start()
    side.keep(rowOf(1))
    await side.says('trouble')
    side.keep(rowOf(2))
    expect(side.sayings.filter((each) => each === 'kept')).toHaveLength(2)
    expect(side.said).toContainEqual({ what: 'trouble', part: 'export', message: expect.stringContaining('EEXIST') })
    await rm(exportFolder)
    await side.says('healed')
    expect(side.said.at(-1)).toEqual({ what: 'healed', part: 'export' })
    expect((await readFile(join(exportFolder, '2026-11-25.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(2)
  })
})
