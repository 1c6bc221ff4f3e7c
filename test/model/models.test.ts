import { describe, expect, it } from 'vitest'
import { callMachine } from '../../machines/call.ts'
import { carrierRecordingMachine } from '../../machines/carrier-recording.ts'
import { transferMachine } from '../../machines/transfer.ts'
import { EdgeCoverage, edgesFrom, nodesOf } from '../machines/edge-coverage.ts'
import { directWalks } from './direct-walks.ts'
import { SMALL_MODELS } from './every-walk.ts'
import { returningWalks, simpleWalks, strayWalks } from './phone-call-walks.ts'
import { smallWalks } from './small-model.ts'
import { walkAll } from './walk.ts'

const MACHINES = [callMachine, transferMachine, carrierRecordingMachine] as const
const coverages = MACHINES.map((machine) => new EdgeCoverage(machine))
const watched = {
  inspect: (event: Parameters<EdgeCoverage['observe']>[0]) => {
    for (const coverage of coverages) coverage.observe(event)
  },
}
const missing = () => coverages.flatMap((coverage) => coverage.missing())

/** Faults of our own, which nobody outside can see; `direct-walks.ts` goes there. */
const NOT_OF_THE_MODELS = [
  'edge call.connecting.dialing -- xstate.error.actor.placeCall (1 of 1) --> call.stopping.settling',
  'edge call.connecting.doubtful.lookingUp -- xstate.error.actor.findCall (1 of 1) --> call.stopping.settling',
  'edge call.active -- xstate.error.actor.inbound (1 of 1) --> call.stopping.hangingUp',
  'edge call.active -- xstate.error.actor.outbound (1 of 1) --> call.stopping.hangingUp',
  'edge call.active.transfer.leaving -- xstate.error.actor.lastWords (1 of 1) --> call.active.transfer.away',
  'edge call.active.transfer.away -- xstate.error.actor.transfer (1 of 1) --> call.active.transfer.none',
  'edge call.active.recording.on -- xstate.error.actor.recording (1 of 1) --> call.active.recording.off',
  'edge call.stopping.draining -- xstate.error.actor.outbound (1 of 1) --> call.stopping.hangingUp',
  'edge call.stopping.settling.lookingUp -- xstate.error.actor.findCall (1 of 1) --> call.stopping.releasing',
  'edge call.stopping.hangingUp -- xstate.error.actor.hangUp (1 of 1) --> call.stopping.releasing',
  'edge transfer.unanswered.redirecting -- xstate.error.actor.redirect (1 of 1) --> transfer.over',
  'edge recording.starting -- xstate.error.actor.startRecording (1 of 1) --> recording.over',
  'edge recording.pausing -- xstate.error.actor.pauseRecording (1 of 1) --> recording.rolling',
  'edge recording.resuming -- xstate.error.actor.resumeRecording (1 of 1) --> recording.paused',
  'edge recording.stopping -- xstate.error.actor.stopRecording (1 of 1) --> recording.rolling',
  'edge recording.stoppingPaused -- xstate.error.actor.stopRecording (1 of 1) --> recording.paused',
]

/** The share of the edges that the models have to take alone. */
const FLOOR = 0.92

describe.each(['inbound', 'outbound'] as const)('an %s phone call', (direction) => {
  it('goes every way that the model knows', async () => {
    const walks = simpleWalks(direction)
    expect(walks.length).toBeGreaterThan(500)
    await walkAll(walks, watched)
  }, 60_000)

  it('is not moved by what is told twice, too late or too early', async () => {
    const walks = strayWalks(direction)
    expect(walks.length).toBeGreaterThan(10)
    await walkAll(walks, watched)
  })
})

describe('a phone call that comes back to where it was', () => {
  it('goes on as before', async () => {
    const walks = [...returningWalks('inbound'), ...returningWalks('outbound')]
    expect(walks).not.toHaveLength(0)
    await walkAll(walks, watched)
  })
})

describe('a call that is active', () => {
  it.each(SMALL_MODELS)('does what the model says in every state of it: $name', async (model) => {
    await expect(walkAll(smallWalks(model), watched)).resolves.toBeUndefined()
  })
})

describe('the models', () => {
  it('enter every state and take every edge, except for faults that nobody outside can see', () => {
    expect(missing()).toEqual(NOT_OF_THE_MODELS)
    const edges = MACHINES.flatMap((machine) => nodesOf(machine).flatMap(edgesFrom)).length
    expect((edges - NOT_OF_THE_MODELS.length) / edges).toBeGreaterThan(FLOOR)
  })

  it('leave to a few direct walks what is left', async () => {
    await walkAll(directWalks(), watched)
    expect(missing()).toEqual([])
  })
})
