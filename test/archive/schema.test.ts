import { join } from 'node:path'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { CallStore } from '../../src/archive/call-store.ts'
import { toRow } from '../../src/archive/row.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { temporaryFolder } from '../cli/program.ts'
import { rowOf } from './rows.ts'

function inFile<T>(path: string, act: (database: Database.Database) => T): T {
  const database = new Database(path)
  try {
    return act(database)
  } finally {
    database.close()
  }
}

describe('the schema of the archive', () => {
  it('has a version, in the file', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'calls.db')
    new CallStore(path, false).close()
    expect(inFile(path, (database) => database.prepare('PRAGMA user_version').raw().get())).toEqual([1])
  })

  it('is left as it is when the file is opened again', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'calls.db')
    const store = new CallStore(path, false)
    store.keep({ rows: [toRow(rowOf(1))], amendments: [] })
    store.close()
    const again = new CallStore(path, false)
    expect(again.read('CA1')).toEqual(rowOf(1))
    again.close()
  })

  it('can be asked by whoever knows SQL', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'calls.db')
    const store = new CallStore(path, false)
    store.keep({ rows: [toRow(rowOf(1))], amendments: [] })
    // Beside the program that has it open.
    const found = inFile(path, (database) =>
      database
        .prepare(
          `SELECT call_id, call_sid, "from", state, ended_at - created_at, json_extract(more, '$.stats.framesIn')
           FROM calls WHERE reason = 'caller hung up'`,
        )
        .raw()
        .all(),
    )
    expect(found).toEqual([['call_000001', 'CA1', '+15551234567', 'ended', 30_000, 1_440]])
    store.close()
  })

  it('of a newer program is refused, and left alone', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'calls.db')
    inFile(path, (database) => database.exec('PRAGMA user_version = 7; CREATE TABLE calls (later TEXT)'))
    expect(() => new CallStore(path, false)).toThrow(ConfigurationError)
    expect(() => new CallStore(path, false)).toThrow(
      /^expected a call archive of version 1, got version 7: start the newer/,
    )
    expect(inFile(path, (database) => database.prepare('PRAGMA user_version').raw().get())).toEqual([7])
  })
})
