import { expect } from 'vitest'
import type { Agent } from '../../../src/agents/agent.ts'
import { OUR_NUMBER, PUBLIC_URL, type Stage, untilTheEnd } from '../../scenarios/stage.ts'
import type { FaultArea, StagedFault } from '../fault.ts'
import { PLAYING } from './agent-audio.ts'
import { untilHungUp } from './agent-in-hand.ts'
import { BEHAVING } from './agent-manners.ts'

const boom = () => {
  throw new Error('boom')
}

function* silenceAndBoom() {
  yield new Int16Array(160)
  boom()
}

/** An agent that fails: its call ends with `agent failed`, and the caller's leg is hung up. */
function failing(name: string, agent: Agent): StagedFault {
  return {
    name,
    expected: 'error, `agent failed`, with what was thrown as the cause; the leg is hung up',
    stage: { agents: { failing: agent }, agent: 'failing' },
    befall: async ({ stage }) => {
      const caller = stage.carrier.caller('+15551110001')
      const call = await caller.dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
      const view = await stage.over(call.sid)
      expect(view).toMatchObject({ state: 'error', reason: 'agent failed' })
      expect(view.cause).toMatch(/boom|expected/)
      expect(call).toMatchObject({ isOver: true, endedBy: 'api' })
      return 'error, `agent failed`; hung up by us'
    },
  }
}

const throwing: readonly StagedFault[] = [
  failing('throws at once', async () => boom()),
  failing('throws before it is a promise', () => boom()),
  failing('throws after it has played something', async (call) => {
    await call.play(new Int16Array(1_600)).finished
    boom()
  }),
  failing('throws in a listener for audio', async (call) => {
    call.onAudio(boom)
    await untilTheEnd(call)
  }),
  failing('throws in a listener for an edge', async (call) => {
    call.on('playback.started', boom)
    call.play(new Int16Array(1_600).fill(1_000))
    await untilTheEnd(call)
  }),
  failing('awaits a source that throws', async (call) => {
    await call.play(silenceAndBoom()).finished
  }),
  failing('plays a Float32Array', async (call) => {
    call.play(new Float32Array(160) as unknown as Int16Array)
    await untilTheEnd(call)
  }),
]

/** There is nothing that an operator would have to look into. */
function withoutTrouble({ log }: Stage): string {
  expect(log.filter(({ level }) => level >= 40).map(({ msg }) => msg)).toEqual([])
  return 'ended, `caller hung up`; no cause, no warning'
}

const late: readonly StagedFault[] = [
  untilHungUp({
    name: 'throws when its call is over',
    expected: 'the call has ended as it did; nothing is left unhandled, nothing is logged as trouble',
    agent: async (call) => {
      await untilTheEnd(call)
      boom()
    },
    judge: withoutTrouble,
  }),
  untilHungUp({
    name: 'never returns, and ignores its signal',
    expected: 'the call is over all the same, and everything of it released',
    agent: () => new Promise(() => {}),
    judge: withoutTrouble,
  }),
]

export const AGENT: FaultArea = { title: 'Agent', faults: [...throwing, ...late, ...PLAYING, ...BEHAVING] }
