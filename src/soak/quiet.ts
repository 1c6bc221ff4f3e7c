import { sleep } from '../simulator/waiting.ts'
import { VirtualClock } from '../simulator/virtual-clock.ts'
import { measureMemory, type MemoryUse } from './memory.ts'
import { numbersOf } from './numbers.ts'
import type { SoakOptions } from './options.ts'
import type { Stage } from './stage.ts'
import type { Tally } from './tally.ts'

/** When no call is up: what may be left then, and what may have been written down. */

/** A carrier that was left alone, or a command that is still being repeated, takes its time. */
const QUIET_MS = 90_000
const LOOK_MS = 500
/** Failures that are told of when the carrier is made to fail. */
const PLANNED_ALARMS = ['the carrier is out of order', 'a leg could not be hung up']

/** Waits until everything is at rest, judges what is left, and forgets what only the simulator keeps. */
export async function lookAround(stage: Stage, { calls }: SoakOptions, tally: Tally): Promise<MemoryUse> {
  await rest(stage)
  judgeRest(stage, tally)
  await judgeMetrics(stage, tally)
  judgeLog(stage, tally)
  forget(stage, calls)
  return measureMemory()
}

function leftovers({ clock, directory, carrier, ledger, log, standingTimers }: Stage): string[] {
  const legs = carrier.calls.filter((call) => !call.isOver).map((call) => `the leg ${call.sid} ${call.status}`)
  const timers = clock instanceof VirtualClock ? clock.pending - standingTimers : 0
  // While the carrier is left alone, a timer stands for the next time it is asked.
  const isAlone = log.outages.held(clock.now(), clock.now())
  return [
    ...legs,
    ...(directory.size > 0 ? [`${directory.size} entries of the directory`] : []),
    ...(timers > 0 && !isAlone ? [`${timers} timers`] : []),
    ...ledger.entries.map(({ record }) => `the record ${record.id} of no call: ${record.state}, ${record.reason}`),
  ]
}

async function rest(stage: Stage): Promise<void> {
  const giveUpAt = stage.clock.now() + QUIET_MS
  while (leftovers(stage).length > 0 && stage.clock.now() < giveUpAt) await stage.meanwhile(sleep(stage.clock, LOOK_MS))
}

function judgeRest(stage: Stage, tally: Tally): void {
  for (const got of leftovers(stage)) tally.complain({ invariant: 'empty', expected: 'nothing', got })
  for (const got of stage.ownFailures.splice(0)) {
    tally.complain({ invariant: 'orderly', expected: "no failure of the server's own", got })
  }
}

async function judgeMetrics({ api, meanwhile, ledger }: Stage, tally: Tally): Promise<void> {
  const { text } = await meanwhile(api.ask('GET', '/metrics'))
  const sumOf = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:{.*})? (\\S+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0)
  const active = sumOf('callchart_calls_active')
  if (active !== 0) tally.complain({ invariant: 'empty', expected: 'no active call in the metrics', got: `${active}` })
  const total = sumOf('callchart_calls_total')
  if (total === ledger.closings) return
  tally.complain({ invariant: 'recorded', expected: `${ledger.closings} calls in the metrics`, got: `${total}` })
}

function judgeLog({ log }: Stage, tally: Tally): void {
  for (const { message, line } of log.alarms.splice(0)) {
    if (PLANNED_ALARMS.some((planned) => message.startsWith(planned))) continue
    tally.complain({ invariant: 'quiet', expected: 'no line of the level error', got: line })
  }
  for (const got of log.leaks.splice(0)) {
    tally.complain({ invariant: 'quiet', expected: 'no number written out', got })
  }
}

function forget({ carrier, forgetRecords }: Stage, lines: number): void {
  forgetRecords()
  carrier.calls.length = 0
  carrier.warnings.length = 0
  carrier.rest.requests.length = 0
  for (let line = 0; line < lines; line += 1) {
    for (const number of Object.values(numbersOf(line))) carrier.caller(number).call = undefined
  }
}
