import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { FolderLock } from '../../src/archive/folder-lock.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { build, Program, ROOT, temporaryFolder } from '../cli/program.ts'

/** A server in a process of its own that takes the folder and keeps it. */
const HOLDER = `
  import { FolderLock } from ${JSON.stringify(join(ROOT, 'dist/src/archive/folder-lock.js'))}
  FolderLock.take(process.argv.at(-1))
  console.log('taken by ' + process.pid)
  setInterval(() => {}, 1_000)
`

describe('a folder that one server has', () => {
  beforeAll(build)

  it('is made for nobody else to read, and so is what lies in it', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a/b')
    const lock = FolderLock.take(path)
    const mode = async (file: string) => (await stat(file)).mode & 0o777
    expect(await mode(path)).toBe(0o700)
    const files = await readdir(path)
    expect(files).toEqual(expect.arrayContaining(['calls.db', 'calls.lock', 'calls.pid']))
    expect(new Set(await Promise.all(files.map((name) => mode(join(path, name)))))).toEqual(new Set([0o600]))
    expect(await readFile(join(path, 'calls.pid'), 'utf8')).toBe(`${process.pid}\n`)
    lock.release()
  })

  it('hides an archive that others could read', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'calls.db'), '')
    await chmod(join(folder.path, 'calls.db'), 0o644)
    FolderLock.take(folder.path).release()
    expect((await stat(join(folder.path, 'calls.db'))).mode & 0o777).toBe(0o600)
  })

  it('is refused to another of the same process, however often it asks, and free when it is given back', async () => {
    await using folder = await temporaryFolder()
    const lock = FolderLock.take(folder.path)
    const refusal = `got ${folder.path}, which process ${process.pid} has`
    expect(() => FolderLock.take(folder.path)).toThrow(refusal)
    expect(() => FolderLock.take(folder.path)).toThrow(ConfigurationError)
    lock.release()
    FolderLock.take(folder.path).release()
  })

  it('is refused while another process has it, which is named; one that was killed is in nobody’s way', async () => {
    await using folder = await temporaryFolder()
    await using holder = new Program([process.execPath, '--input-type=module', '-e', HOLDER, folder.path], {})
    await holder.says(/taken by/, 'stdout')
    const pid = /taken by (\d+)/.exec(holder.stdout)?.[1] ?? 'nobody'
    expect(() => FolderLock.take(folder.path)).toThrow(`got ${folder.path}, which process ${pid} has`)
    holder.signal('SIGKILL')
    await holder.ended
    expect(await readFile(join(folder.path, 'calls.pid'), 'utf8')).toBe(`${pid}\n`)
    FolderLock.take(folder.path).release()
  })

  it('must be a folder that can be written to', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'file'), '')
    const act = () => FolderLock.take(join(folder.path, 'file/calls'))
    expect(act).toThrow(ConfigurationError)
    expect(act).toThrow(/^expected a folder for call records that can be written to, got .*ENOTDIR/)
  })
})
