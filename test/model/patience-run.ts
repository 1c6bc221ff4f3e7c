import { deepEqual, equal } from 'node:assert/strict'
import type { AnyMachineSnapshot } from 'xstate'
import { CallUnderTest } from '../machines/call-under-test.ts'
import { openActive } from '../machines/call/opening.ts'
import { type PatienceEvent, type PatienceContext, patienceModel } from './patience-model.ts'
import type { SmallModel } from './small-model.ts'

/** The real chart, with one of its limits. */

const LIMIT_MS = 20_000

const FLOOR: Readonly<Record<string, string>> = {
  none: 'idle',
  caller: 'listening',
  agent: 'speaking.alone',
  both: 'speaking.over',
}

interface Talking {
  readonly talking: { readonly voices: string; readonly line: 'talking' | 'held' }
}

function agentOf({ talking: { voices, line } }: Talking): string {
  if (line === 'held') return 'running.waiting'
  return voices === 'agent' || voices === 'both' ? 'running.speaking' : 'running.quiet'
}

/** The regions that have a say in it. */
const regionsOf = (call: CallUnderTest) => call.where.split(' ').filter((path) => /\.(floor|agent|hold)\./.test(path))

export const patienceWith = (whom: PatienceContext['with']): SmallModel<PatienceEvent> => ({
  name: `patience with ${whom}`,
  machine: patienceModel,
  input: { with: whom },
  events: [
    { type: 'caller.speaks' },
    { type: 'caller.pauses' },
    { type: 'agent.speaks' },
    { type: 'agent.hasSpoken' },
    { type: 'agent.cutsItselfShort' },
    { type: 'line.isHeld' },
    { type: 'line.isResumed' },
    { type: 'time.passes' },
  ],
  isStray: ({ type }) => type !== 'time.passes',
  begin: (options) => {
    const timing = whom === 'both' ? { quietMs: LIMIT_MS } : { agentSilenceMs: LIMIT_MS }
    const call = openActive((more) => new CallUnderTest(more), { ...options, timing })
    const look = ({ value }: AnyMachineSnapshot) => {
      const state = value as unknown as Talking
      const { voices, line } = state.talking
      deepEqual(regionsOf(call), [
        `active.floor.${FLOOR[voices]}`,
        `active.agent.${agentOf(state)}`,
        `active.hold.${line}`,
      ])
      equal(call.line.at(-1) === 'held', line === 'held')
    }
    return {
      call,
      does: {
        'caller.speaks': () => call.report('inbound', { type: 'speech.started' }),
        'caller.pauses': () => call.report('inbound', { type: 'speech.ended' }),
        'agent.speaks': () => call.report('outbound', { type: 'playback.started' }),
        'agent.hasSpoken': () => call.report('outbound', { type: 'playback.drained' }),
        'agent.cutsItselfShort': () => call.report('outbound', { type: 'playback.cleared' }),
        'line.isHeld': () => call.tell({ type: 'call.hold' }),
        // Not at once, so that it shows from when on time counts again.
        'line.isResumed': async () => {
          if (call.is('active.hold.held')) await call.wait(LIMIT_MS / 2)
          call.tell({ type: 'call.resume' })
        },
        'time.passes': async () => {
          const { where } = call
          await call.wait(LIMIT_MS - 1)
          equal(call.where, where)
          await call.wait(1)
        },
      },
      looks: {
        ...Object.fromEntries(Object.keys(FLOOR).map((voices) => [`talking.voices.${voices}`, look])),
        'talking.line.talking': look,
        'talking.line.held': look,
        over: () => {
          equal(call.where, 'stopping.hangingUp')
          equal(call.reason, whom === 'both' ? 'idle' : 'agent silent')
        },
      },
    }
  },
})
