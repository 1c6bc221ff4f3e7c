import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { SimulatedCall } from '../../../src/simulator/call.ts'
import { sleep } from '../../../src/simulator/waiting.ts'
import { openRestartableStage, type RestartableStage } from '../../cli/restartable-stage.ts'
import type { LoneFault } from '../fault.ts'

/** Records that cannot be written down: a server's own process, and a real disk. */

const WAITING = 'callchart_records_waiting'
const OTHERS = 'go on, and hear their echo'

/** Something more of their echo is heard on each of these calls. */
async function expectEcho(stage: RestartableStage, calls: readonly SimulatedCall[]): Promise<void> {
  const before = calls.map(({ stream }) => stream?.mediaReceived ?? 0)
  await stage.carrier.until(() =>
    calls.every(({ stream }, index) => (stream?.mediaReceived ?? 0) > (before[index] ?? 0)),
  )
  expect(calls.every(({ streams, isStreaming }) => streams.length === 1 && isStreaming)).toBe(true)
}

/** What a scrape tells may be a second old, the first one excepted. */
async function untilNoneWaits(stage: RestartableStage): Promise<void> {
  const { clock } = stage.carrier
  const deadline = clock.now() + 10_000
  while ((await stage.metric(WAITING)) > 0) {
    expect(clock.now()).toBeLessThan(deadline)
    await sleep(clock, 100)
  }
}

/** Ends the process in an orderly way, and returns how many rows it has left that are whole. */
async function rowsAfterTheEnd(stage: RestartableStage): Promise<number> {
  stage.server.signal('SIGTERM')
  expect((await stage.server.ended).code).toBe(0)
  const rows = await stage.recordsKept()
  expect(new Set(rows.map(({ callSid }) => callSid)).size).toBe(rows.length)
  return rows.filter(({ reason }) => reason === 'caller hung up').length
}

const count = (text: string, pattern: RegExp): number => text.match(new RegExp(pattern, 'g'))?.length ?? 0
const CANNOT = /"level":50.*call records cannot be written down: calls go on/
const AGAIN = /"level":40.*call records are written down again/

const full: LoneFault = {
  name: 'the disk of the records is full',
  expected: 'calls go on, new ones are taken, the operator is told; the records are written when there is room',
  others: OTHERS,
  befall: async () => {
    // No file may grow any more: the system then sends a signal, too, which a full disk does not.
    await using stage = await openRestartableStage({ preload: "process.on('SIGXFSZ', () => {})" })
    const [first, second] = await Promise.all([stage.caller(1), stage.caller(2)])
    const pid = await stage.pid()
    const limitFiles = (bytes: string) => promisify(execFile)('prlimit', ['--pid', pid, `--fsize=${bytes}:`])
    await limitFiles('1')
    await first.caller.hangsUp()
    await stage.server.says(CANNOT)
    const third = await stage.caller(3)
    await expectEcho(stage, [second.call, third.call])
    expect((await stage.api('GET', '/readyz')).status).toBe(200)
    expect(await stage.over(first.call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    expect(await stage.metric(WAITING)).toBeGreaterThanOrEqual(2)
    await limitFiles('unlimited')
    await stage.server.says(AGAIN)
    for (const { caller } of [second, third]) await caller.hangsUp()
    await stage.allOver([second.call.sid, third.call.sid])
    expect(await rowsAfterTheEnd(stage)).toBe(3)
    expect([count(stage.server.stderr, CANNOT), count(stage.server.stderr, AGAIN)]).toEqual([1, 1])
    return 'told once, a new call taken, rows wait in memory; told once that there is room, 3 records'
  },
}

const locked: LoneFault = {
  name: 'a second process is started with the same data folder',
  expected: 'it ends with exit code 1 and names the process that has the folder; the first one goes on',
  others: OTHERS,
  befall: async () => {
    await using stage = await openRestartableStage()
    const { caller, call } = await stage.caller()
    const { code, stderr } = await stage.serve({ PORT: '0' }).ended
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`no other server uses, got .*, which process ${await stage.pid()} has\n$`))
    await expectEcho(stage, [call])
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    expect(await rowsAfterTheEnd(stage)).toBe(1)
    return `exit code ${code}, the process named; the call went on, 1 record`
  },
}

/** At the first SIGUSR2 the archive's thread dies; from the second on, each that is started. */
const KILLS_WORKERS = `
  const workers = []
  let signals = 0
  process.on('worker', (worker) => {
    workers.push(worker)
    if (signals > 1) void worker.terminate()
  })
  process.on('SIGUSR2', () => {
    signals += 1
    for (const worker of workers) void worker.terminate()
  })`

const worker: LoneFault = {
  name: "the archive's thread dies, and later each that is started in its place",
  expected: 'at first it is started again and nothing is lost; then that is told, calls go on, records stay in memory',
  others: OTHERS,
  befall: async () => {
    await using stage = await openRestartableStage({ preload: KILLS_WORKERS })
    const [first, second] = await Promise.all([stage.caller(1), stage.caller(2)])
    stage.server.signal('SIGUSR2')
    await stage.server.says(/"level":50.*the call archive's thread died: it is started again/)
    await first.caller.hangsUp()
    await stage.over(first.call.sid)
    await untilNoneWaits(stage)
    expect(stage.server.stderr).not.toMatch(/failed for good|were lost/)
    stage.server.signal('SIGUSR2')
    await stage.server.says(/"level":50.*the call archive has failed for good: calls go on/)
    const third = await stage.caller(3)
    await expectEcho(stage, [second.call, third.call])
    await second.caller.hangsUp()
    await third.caller.hangsUp()
    const sids = [first, second, third].map(({ call }) => call.sid)
    const shown = (await stage.allOver(sids)).filter(({ reason }) => reason === 'caller hung up')
    expect(shown).toHaveLength(3)
    const rows = await rowsAfterTheEnd(stage)
    expect(rows).toBe(1)
    return `started again, its record kept; then told, a new call taken, ${shown.length} records shown, exit code 0`
  },
}

export const RECORDS_IN_TROUBLE: readonly LoneFault[] = [full, locked, worker]
