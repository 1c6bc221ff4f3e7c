import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AnyStateMachine, InspectionEvent } from 'xstate'
import { edgeName } from '../machines/edge-coverage.ts'
import { CHARTS, type Charts } from '../machines/fake-children.ts'
import { directWalks } from './direct-walks.ts'
import { everyWalk, SMALL_MODELS } from './every-walk.ts'
import { type Mutant, mutantsOf, rebuilt } from './mutants.ts'
import { strayWalks } from './phone-call-walks.ts'
import { smallWalks } from './small-model.ts'
import { type Walk, walkAll } from './walk.ts'

const mutants: readonly Mutant[] = [
  ...mutantsOf(CHARTS.call, '#call.stopping.hangingUp'),
  ...mutantsOf(CHARTS.transfer, '#transfer.over'),
  ...mutantsOf(CHARTS.recording, '#recording.over'),
]

const WITHOUT_A_LEG = 'without a leg to hang up on, hangingUp leads to releasing at once'
const BREAKS_TOO = 'the transfer, or the recording, itself breaks then, and the call makes the same of it'

/** Mutants that no walk notices, each with the reason why nobody could. */
const SURVIVORS: Readonly<Record<string, string>> = {
  'call.connecting.queued -- xstate.error.actor.turn (1 of 1) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
  'call.connecting.queued -- xstate.after.queueTimeout.call.connecting.queued (1 of 1) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
  'call.connecting.dialing -- xstate.done.actor.placeCall (2 of 4) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
  'call.connecting.doubtful.lookingUp -- xstate.done.actor.findCall (3 of 3) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
  'call.active -- xstate.error.actor.outbound (1 of 1) --> call.stopping.hangingUp, redirected to call.stopping.draining':
    'draining starts outbound anew, which is still broken and leads to hangingUp at once',
  'call.stopping.settling.lookingUp -- xstate.done.actor.findCall (2 of 2) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
  'call.stopping.settling.lookingUp -- xstate.error.actor.findCall (1 of 1) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
  'call.stopping.settling.lookingUp -- xstate.after.lookUpTimeout.call.stopping.settling.lookingUp (1 of 1) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
  'transfer.unanswered.redirecting -- xstate.error.actor.redirect (1 of 1) --> transfer.over, renamed': BREAKS_TOO,
  'transfer.unanswered.redirecting -- xstate.error.actor.redirect (1 of 1) --> transfer.over, dropped': BREAKS_TOO,
  'recording.starting -- xstate.error.actor.startRecording (1 of 1) --> recording.over, renamed': BREAKS_TOO,
  'recording.starting -- xstate.error.actor.startRecording (1 of 1) --> recording.over, dropped': BREAKS_TOO,
}

const NOTICED = 0.98

/** A mutant that so many walks have not noticed is a survivor; the shortest go first. */
const MAX_WALKS = 100

/** Which walks take which edges of the chart as it is: a mutant of an edge can be noticed by no other walk. */
async function walksByEdge(walks: readonly Walk[]): Promise<ReadonlyMap<string, readonly Walk[]>> {
  const found = new Map<string, Walk[]>()
  for (const walk of walks) {
    const taken = new Set<string>()
    const inspect = (event: InspectionEvent) => {
      if (event.type !== '@xstate.microstep') return
      const { _transitions: edges } = event
      for (const edge of edges) taken.add(edgeName(edge))
    }
    await walk.run({ inspect })
    for (const edge of taken) {
      const others = found.get(edge)
      if (others === undefined) found.set(edge, [walk])
      else if (others.length < MAX_WALKS) others.push(walk)
    }
  }
  return found
}

const chartsWith = (exchange: (chart: AnyStateMachine) => AnyStateMachine) =>
  Object.fromEntries(Object.entries(CHARTS).map(([name, chart]) => [name, exchange(chart)])) as unknown as Charts

async function isNoticed(charts: Charts, walks: readonly Walk[]): Promise<boolean> {
  try {
    await walkAll(walks, { charts })
    return false
  } catch {
    return true
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a chart with one wrong edge', () => {
  it('is noticed by the walks of the models, whichever edge it is and however wrong', async () => {
    // XState warns of much that a mutant does.
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const walks = await walksByEdge(everyWalk())
    const survivors: string[] = []
    for (const mutant of mutants) {
      const charts = chartsWith((chart) => (chart === mutant.original ? mutant.machine : chart))
      if (!(await isNoticed(charts, walks.get(mutant.edge) ?? []))) survivors.push(mutant.name)
    }
    expect(survivors).toEqual(Object.keys(SURVIVORS))
    expect(1 - survivors.length / mutants.length).toBeGreaterThanOrEqual(NOTICED)
  }, 120_000)

  it('is one of many hundred, and none of them is the chart as it is', async () => {
    expect(mutants.length).toBeGreaterThan(900)
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
    const walks = [
      ...strayWalks('inbound'),
      ...strayWalks('outbound'),
      ...SMALL_MODELS.flatMap(smallWalks),
      ...directWalks(),
    ]
    expect(await isNoticed(chartsWith(rebuilt), walks)).toBe(false)
  })
})
