import { appendFile, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { appendToDayFiles } from '../../src/archive/day-files.ts'
import { temporaryFolder } from '../cli/program.ts'
import { DAWN, rowOf } from './rows.ts'

async function idsIn(path: string): Promise<unknown[]> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  return lines.map((line) => (JSON.parse(line) as { call_id: string }).call_id)
}

describe('files of a day', () => {
  it('take a line for each row, on the day of its end, after those that are there', async () => {
    await using folder = await temporaryFolder()
    const to = join(folder.path, 'export')
    appendToDayFiles(to, [rowOf(1), rowOf(2, { endedAt: DAWN - 1 }), rowOf(3)])
    appendToDayFiles(to, [rowOf(4)])
    expect(await readdir(to)).toEqual(['2026-11-24.jsonl', '2026-11-25.jsonl'])
    expect(await idsIn(join(to, '2026-11-24.jsonl'))).toEqual(['call_000002'])
    expect(await idsIn(join(to, '2026-11-25.jsonl'))).toEqual(['call_000001', 'call_000003', 'call_000004'])
  })

  it('are for nobody else to read', async () => {
    await using folder = await temporaryFolder()
    const to = join(folder.path, 'export')
    appendToDayFiles(to, [rowOf(1)])
    expect((await stat(to)).mode & 0o777).toBe(0o700)
    expect((await stat(join(to, '2026-11-25.jsonl'))).mode & 0o777).toBe(0o600)
  })

  it('begin a new line where somebody died in the middle of one', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, '2026-11-25.jsonl')
    await appendFile(path, '{"call_id":"call_0')
    appendToDayFiles(folder.path, [rowOf(1)])
    const [torn, whole] = (await readFile(path, 'utf8')).split('\n')
    expect(torn).toBe('{"call_id":"call_0')
    expect(JSON.parse(whole ?? '')).toMatchObject({ call_id: 'call_000001' })
  })

  it('complain when they cannot be written', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, '2026-11-25.jsonl'))
    expect(() => appendToDayFiles(folder.path, [rowOf(1)])).toThrow(/EISDIR/)
  })
})
