import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { createArchive } from '../../src/archive/archive.ts'
import { build, temporaryFolder } from '../cli/program.ts'
import { startArchiveProgram } from './archive-program.ts'
import { listeningLogger } from './rows.ts'

const CANNOT = /"level":50.*call records cannot be written down: calls go on/g
const AGAIN = /"level":40.*call records are written down again/g

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0

/** Calls come and go until the disk is full, and then go on, some of them many times told. */
const UNTIL_FULL = `
  process.on('SIGXFSZ', () => {})
  const archive = await open({ patienceMs: 1_500, maxWaiting: 300 })
  let number = 0
  while (archive.health.ok) {
    const started = Date.now()
    await archive.closed(rowOf(number, { cause: 'x'.repeat(1_000) }))
    number += 1
    if (Date.now() - started > 5_000) say('a call waited for the disk')
  }
  const last = number + 200
  for (; number < last; number += 1) {
    archive.opened(openRowOf(number))
    archive.updated(openRowOf(number))
    void archive.closed(rowOf(number))
  }
  const page = await archive.search({ limit: 1 })
  say('shown ' + page.records[0].id + ' of ' + last)
  say('waiting ' + archive.health.waiting + ' lost ' + archive.health.lost)
`
const UNTIL_HEALED = `
  while (archive.health.waiting > 0) await pause(5)
  say('health ' + JSON.stringify(archive.health))
  await archive.close()
`

async function rowsIn(folder: string): Promise<number> {
  const archive = createArchive({ folder, retentionDays: 0, logger: listeningLogger().logger })
  await archive.open()
  let rows = 0
  let cursor: string | undefined
  do {
    const page = await archive.search({ limit: 1_000, cursor })
    rows += page.records.length
    cursor = page.cursor
  } while (cursor !== undefined)
  await archive.close()
  return rows
}

/** A disk of a megabyte that only the child sees, if this machine lets us have one. */
const OWN_DISK = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c']
const MOUNT = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'

function hasOwnDisk(): boolean {
  try {
    execFileSync(OWN_DISK[0] ?? '', [...OWN_DISK.slice(1), MOUNT, '/mnt', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('an archive on a disk that is full', () => {
  beforeAll(build)

  it.skipIf(process.platform !== 'linux')(
    'tells once that it is, waits, and writes everything when there is room again',
    async () => {
      await using folder = await temporaryFolder()
      // No file may grow over 300 kB, until somebody outside says that it may.
      const limited = ['bash', '-c', 'ulimit -S -f 300; exec "$0" "$@"']
      const script = `${UNTIL_FULL} say('pid ' + process.pid)\n${UNTIL_HEALED} say('calls ' + number)`
      await using program = startArchiveProgram(folder.path, script, limited)
      await program.says(/pid \d+\n/, 'stdout')
      const [, shown, last, lost] = /^shown call_(\d+) of (\d+)\nwaiting \d+ lost (\d+)\n/.exec(program.stdout) ?? []
      expect([Number(shown), lost]).toEqual([Number(last) - 1, '0'])
      // More than the log would take that is moved to the file when it is full.
      expect(Number(last) - 200).toBeGreaterThan(50)
      expect(count(program.stderr, CANNOT)).toBe(1)
      expect(count(program.stderr, AGAIN)).toBe(0)
      const pid = /pid (\d+)/.exec(program.stdout)?.[1] ?? ''
      await promisify(execFile)('prlimit', ['--pid', pid, '--fsize=unlimited'])
      const { code, stdout, stderr } = await program.ended
      expect(code).toBe(0)
      expect(stdout).toContain('health {"ok":true,"waiting":0,"lost":0}')
      expect(stdout).not.toContain('a call waited')
      expect([count(stderr, CANNOT), count(stderr, AGAIN)]).toEqual([1, 1])
      expect(await rowsIn(folder.path)).toBe(Number(/calls (\d+)/.exec(stdout)?.[1]))
    },
  )

  it('tells how much was lost when it has to end before there is room', async () => {
    await using folder = await temporaryFolder()
    const limited = ['bash', '-c', 'ulimit -S -f 300; exec "$0" "$@"']
    const script = `${UNTIL_FULL}
      for (; number < last + 200; number += 1) void archive.closed(rowOf(number))
      const before = archive.health
      await archive.close()
      say('all ' + number + ' waited ' + before.waiting + ' lost ' + before.lost + ' then ' + archive.health.lost)`
    await using program = startArchiveProgram(folder.path, script, limited)
    const { code, stdout, stderr } = await program.ended
    expect(code).toBe(0)
    const [, all, waited, lost, then] = /all (\d+) waited (\d+) lost (\d+) then (\d+)/.exec(stdout)?.map(Number) ?? []
    // No more wait than may.
    expect(waited).toBe(300)
    expect(lost).toBeGreaterThan(90)
    expect(then).toBe(300 + (lost ?? 0))
    expect(stderr).toMatch(/"rows":300,"msg":"call records were lost"/)
    expect(await rowsIn(folder.path)).toBe((all ?? 0) - (then ?? 0))
  })

  it.skipIf(!hasOwnDisk())('knows a disk without room when it sees one, and can be started on it', async () => {
    await using folder = await temporaryFolder()
    const script = `
      import { rmSync, statfsSync, writeFileSync } from 'node:fs'
      const fill = () => {
        const { bavail, bsize } = statfsSync(folder)
        writeFileSync(folder + '/filler', Buffer.alloc(bavail * bsize))
      }
      fill()
      ${UNTIL_FULL}
      say('free'); rmSync(folder + '/filler')
      while (archive.health.waiting > 0) await pause(5)
      fill()
      void archive.closed(rowOf(number)); number += 1
      while (archive.health.ok) {
        await archive.closed(rowOf(number)); number += 1
      }
      const read = await archive.read('call_000000')
      say('read ' + read.id)
      rmSync(folder + '/filler')
      ${UNTIL_HEALED}
      const again = await open()
      say('remembered ' + again.recent().length + ' of ' + number)
      await again.close()`
    const ownDisk = [...OWN_DISK, MOUNT, folder.path]
    await using program = startArchiveProgram(folder.path, script, ownDisk)
    const { code, stdout, stderr } = await program.ended
    expect(stderr).not.toMatch(/Error: /)
    expect(code).toBe(0)
    expect(stdout).toContain('read call_000000')
    expect(stdout).toContain('health {"ok":true,"waiting":0,"lost":0}')
    const [, remembered, all] = /remembered (\d+) of (\d+)/.exec(stdout) ?? []
    expect(remembered).toBe(all)
    expect([count(stderr, CANNOT), count(stderr, AGAIN)]).toEqual([2, 2])
    expect(stderr).toContain('database or disk is full')
  })
})
