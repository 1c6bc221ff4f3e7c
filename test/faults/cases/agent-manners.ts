import { expect } from 'vitest'
import type { Agent } from '../../../src/agents/agent.ts'
import { sine } from '../../audio/signals.ts'
import { openStage, OUR_NUMBER, PUBLIC_URL, untilTheEnd } from '../../scenarios/stage.ts'
import type { LoneFault, StagedFault } from '../fault.ts'
import { byHand, codeOf, type InHand } from './agent-in-hand.ts'

const TARGET = '+15553330001'
const A_SECOND = sine(440, 16_000, 16_000)

const hangsUpAtOnce: StagedFault = {
  name: 'hangs up in its first line, and goes on talking',
  expected: 'ended, `agent finished`; the leg is hung up once, and nobody hears what comes after',
  stage: {
    agents: {
      hasty: async (call) => {
        call.hangUp({ now: true })
        call.hangUp()
        call.play(A_SECOND).finished.catch(() => {})
        await untilTheEnd(call)
      },
    },
    agent: 'hasty',
  },
  befall: async ({ stage }) => {
    const caller = stage.carrier.caller('+15551110001')
    const call = await caller.dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent finished', cause: null })
    expect(call).toMatchObject({ isOver: true, endedBy: 'api', positionHeardMs: 0 })
    return 'ended, `agent finished`; 0 ms were heard'
  },
}

/** Each with what is thrown: nothing where it is only too much. */
async function inSillyOrders({ stage, call, agentCall }: InHand): Promise<string> {
  const { recording } = agentCall
  const tell = async (act: () => unknown, code: string) => expect(await codeOf(act)).toBe(code)
  agentCall.resume()
  for (const wish of ['pause', 'resume', 'stop'] as const) await tell(() => recording[wish](), 'CALL_BUSY')
  agentCall.hold()
  agentCall.hold()
  recording.start()
  await tell(() => recording.start(), 'CALL_BUSY')
  await stage.clock.advance(500)
  await tell(() => recording.resume(), 'CALL_BUSY')
  recording.pause()
  // Off hold and on again in one breath, and then away from it, twice.
  agentCall.resume()
  agentCall.hold()
  stage.carrier.callee(TARGET, 'busy')
  const transfer = agentCall.transfer(TARGET)
  await tell(() => agentCall.transfer(TARGET), 'CALL_BUSY')
  await tell(() => agentCall.hold(), 'CALL_BUSY')
  agentCall.resume()
  expect(await stage.meanwhile(transfer)).toMatchObject({ outcome: 'busy' })
  await stage.carrier.until(() => call.isStreaming && stage.view(call.sid).streamSid === call.stream?.sid)
  const playback = agentCall.play(A_SECOND)
  expect(await stage.meanwhile(playback.finished)).toEqual({ playedMs: 1_000, interrupted: false })
  expect(stage.view(call.sid).transfers).toEqual([expect.objectContaining({ outcome: 'busy' })])
  return '`CALL_BUSY` for what made no sense; the transfer came back as busy; 1,000 ms were heard then'
}

/** Who speaks from a record; at each key he works for 80 ms, in which nothing else of the process has its turn. */
function busyAgent(work: () => void): Agent {
  function* speech() {
    for (;;) yield A_SECOND
  }
  return async (call) => {
    call.on('digit.received', work)
    await call.play(speech()).finished
  }
}

const blocking: LoneFault = {
  name: 'blocks the event loop for 80 ms',
  expected:
    'the carrier goes on from the 100 ms that it holds: nobody on the node hears of it, nor does its own caller',
  others: 'all three hear recorded speech: no gap, no underrun',
  befall: async () => {
    const blocked: Promise<void>[] = []
    const agent = busyAgent(() => void blocked.push(stage.clock.block(80)))
    await using stage = await openStage({ agents: { busy: agent }, agent: 'busy' })
    const all = []
    for (const number of ['+15551110001', '+15551119001', '+15551119002']) all.push(await stage.caller(number))
    await stage.clock.advance(500)
    await all[0]?.caller.presses('1')
    await stage.clock.advance(1_000)
    expect(blocked).toHaveLength(1)
    for (const { caller, call } of all) {
      expect(call.report()).toMatchObject({ underruns: 0, gaps: 0, warnings: [] })
      expect(call.positionHeardMs).toBeGreaterThan(1_500)
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    }
    return 'no underrun, no gap, in any of three calls'
  },
}

export const BEHAVING: readonly (StagedFault | LoneFault)[] = [
  hangsUpAtOnce,
  byHand({
    name: 'holds, transfers and records in silly orders',
    expected: 'what makes no sense is refused with `CALL_BUSY`, what is only too much does nothing; the call goes on',
    act: inSillyOrders,
  }),
  blocking,
]
