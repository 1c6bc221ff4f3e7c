import { afterEach, describe, expect, it, vi } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { callMachine } from '../../machines/call.ts'
import { edgeName } from '../machines/edge-coverage.ts'
import { conversationWalks } from './conversation-walks.ts'
import { directWalks } from './direct-walks.ts'
import { type Mutant, mutantsOfTheCall, rebuiltCall } from './mutants.ts'
import { returningWalks, simpleWalks, strayWalks } from './phone-call-walks.ts'
import { type Walk, walkAll } from './walk.ts'

const WITHOUT_A_LEG = 'without a leg to hang up on, hangingUp leads to releasing at once'

/** Mutants that no walk notices, each with the reason why nobody could. */
const SURVIVORS: Readonly<Record<string, string>> = {
  'call.connecting.dialing -- xstate.done.actor.placeCall (2 of 4) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
  'call.active -- xstate.error.actor.outbound (1 of 1) --> call.stopping.hangingUp, redirected to call.stopping.draining':
    'draining starts outbound anew, which is still broken and leads to hangingUp at once',
  'call.stopping.settling -- xstate.after.settleTimeout.call.stopping.settling (1 of 1) --> call.stopping.releasing, redirected to call.stopping.hangingUp':
    WITHOUT_A_LEG,
}

const NOTICED = 0.95

/** A mutant that so many walks have not noticed is a survivor; the shortest go first. */
const MAX_WALKS = 200

function everyWalk(): Walk[] {
  const directions = ['inbound', 'outbound'] as const
  return [
    ...directions.flatMap((direction) => [
      ...simpleWalks(direction),
      ...returningWalks(direction),
      ...strayWalks(direction),
    ]),
    ...conversationWalks(),
    ...directWalks(),
  ].toSorted((one, other) => one.steps - other.steps)
}

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

/** Whatever asks for the call's chart gets the mutant. */
async function isNoticed({ machine }: Mutant, walks: readonly Walk[]): Promise<boolean> {
  const provide = vi.spyOn(callMachine, 'provide').mockImplementation((parts) => machine.provide(parts))
  try {
    await walkAll(walks)
    return false
  } catch {
    return true
  } finally {
    provide.mockRestore()
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
    const mutants = mutantsOfTheCall()
    const survivors: string[] = []
    for (const mutant of mutants) {
      if (!(await isNoticed(mutant, walks.get(mutant.edge) ?? []))) survivors.push(mutant.name)
    }
    expect(survivors).toEqual(Object.keys(SURVIVORS))
    expect(1 - survivors.length / mutants.length).toBeGreaterThanOrEqual(NOTICED)
  }, 60_000)

  it('is one of several hundred, and none of them is the chart as it is', async () => {
    const mutants = mutantsOfTheCall()
    expect(mutants.length).toBeGreaterThan(400)
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
    const walks = [...strayWalks('inbound'), ...strayWalks('outbound'), ...conversationWalks(), ...directWalks()]
    expect(await isNoticed(rebuiltCall(), walks)).toBe(false)
  })
})
