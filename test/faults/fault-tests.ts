import { describe, expect, it } from 'vitest'
import { echo } from '../../src/agents/echo.ts'
import type { Agent } from '../../src/agents/agent.ts'
import { openStage, PUBLIC_URL, type Stage, type StageOptions, TALK } from '../scenarios/stage.ts'
import type { FaultArea, LoneFault, Sighting, StagedFault } from './fault.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** For the table that a run makes of all of them. */
    fault?: Sighting
  }
}

/** A frame, and what a ticker may be late. */
const WORST_GAP_MS = 24
const BYSTANDERS = ['+15551119001', '+15551119002']
const A_WHILE_MS = 500

/** A test for each fault of an area: what must come of it does, nobody else on the node notices, and nothing is left behind. */
export function testFaults({ title, faults }: FaultArea): void {
  describe(`faults: ${title}`, () => {
    it.for(faults.map((fault) => [fault.name, fault] as const))('%s', async ([, fault], { task }) => {
      const { name, expected } = fault
      const { seen, others } = 'others' in fault ? await alone(fault) : await amongOthers(fault)
      expect(seen).not.toBe('')
      task.meta.fault = { area: title, name, expected, seen, others }
    })
  })
}

type Outcome = Pick<Sighting, 'seen' | 'others'>

async function alone(fault: LoneFault): Promise<Outcome> {
  return { seen: await fault.befall(), others: fault.others }
}

async function amongOthers(fault: StagedFault): Promise<Outcome> {
  const reach: Record<string, string> = {}
  await using stage = await openStage({
    ...withEchoForOthers(fault.stage),
    carrier: { ...fault.stage?.carrier, reach },
  })
  reach[PUBLIC_URL] = stage.url
  const others = []
  for (const number of BYSTANDERS) others.push(await stage.caller(number))
  for (const { call } of others) call.speech.repeat(TALK)
  await stage.clock.advance(A_WHILE_MS)
  const seen = await fault.befall({ stage, reach })
  await stage.clock.advance(A_WHILE_MS)
  const worst = await missedNothing(stage, others, fault.othersWorstGapMs ?? WORST_GAP_MS)
  expectOneRecordEach(stage)
  return { seen, others: `${worst} ms` }
}

/** The others have their echo, whichever agent answers the caller that is to suffer. */
function withEchoForOthers({ agents = {}, agent = 'echo', ...options }: StageOptions = {}): StageOptions {
  const answers: Agent = agents[agent] ?? echo
  const either: Agent = (call) => (BYSTANDERS.includes(call.from) ? echo(call) : answers(call))
  return { ...options, agents: { ...agents, either }, agent: 'either' }
}

type Bystander = Awaited<ReturnType<Stage['caller']>>

/** Ends the other calls and returns the worst gap that any of them had, in milliseconds. */
async function missedNothing(stage: Stage, others: readonly Bystander[], worstGapMs: number): Promise<number> {
  let worst = 0
  for (const { caller, call } of others) {
    const report = call.report()
    worst = Math.max(worst, report.worstGapMs)
    expect(report).toMatchObject({ underruns: 0, warnings: [] })
    expect(report.heardMs).toBeGreaterThan(A_WHILE_MS)
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: expect.any(String) })
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  }
  expect(worst).toBeLessThanOrEqual(worstGapMs)
  return worst
}

function expectOneRecordEach({ records, carrier }: Stage): void {
  const sids = records.recent().flatMap(({ callSid }) => callSid ?? [])
  expect(sids.toSorted()).toEqual([...new Set(sids)].toSorted())
  expect(carrier.calls.map(({ sid }) => sid)).toEqual(expect.arrayContaining(sids))
}
