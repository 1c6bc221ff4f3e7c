import { expect } from 'vitest'
import type { Agent, Call } from '../../../src/agents/agent.ts'
import type { SimulatedCall } from '../../../src/simulator/call.ts'
import { holdingAgent, type Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'

export interface InHand {
  readonly stage: Stage
  /** The carrier's side. */
  readonly call: SimulatedCall
  /** The agent's. */
  readonly agentCall: Call
}

/** What is done by the hand of an agent, in a call that goes on all the same until the caller hangs up. */
export function byHand(
  fault: Pick<StagedFault, 'name' | 'expected'> & { readonly act: (inHand: InHand) => Promise<string> },
): StagedFault {
  const { name, expected, act } = fault
  const { agent, calls } = holdingAgent()
  return {
    name,
    expected,
    stage: { agents: { clumsy: agent }, agent: 'clumsy' },
    befall: async ({ stage }) => {
      const { caller, call } = await stage.caller()
      await stage.carrier.until(() => calls.length > 0, { what: 'the agent to be started' })
      const [agentCall] = calls
      if (agentCall === undefined) throw new Error('expected an agent with a call in its hand, got none')
      const seen = await act({ stage, call, agentCall })
      expect(stage.view(call.sid)).toMatchObject({ state: 'active', reason: null })
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up', cause: null })
      return seen
    },
  }
}

/** What an agent does until its caller hangs up, a second later, and what is to be said of it then. */
export function untilHungUp(
  fault: Pick<StagedFault, 'name' | 'expected'> & {
    readonly agent: Agent
    readonly judge: (stage: Stage, callSid: string) => string | Promise<string>
  },
): StagedFault {
  const { name, expected, agent, judge } = fault
  return {
    name,
    expected,
    stage: { agents: { clumsy: agent }, agent: 'clumsy' },
    befall: async ({ stage }) => {
      const { caller, call } = await stage.caller()
      await stage.clock.advance(1_000)
      expect(Number(stage.view(call.sid).stats['queueMs'])).toBeLessThanOrEqual(10_000)
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up', cause: null })
      return judge(stage, call.sid)
    },
  }
}

/** The code of what was thrown, now or later. */
export async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act()
  } catch (error) {
    return String(Reflect.get(Object(error), 'code') ?? error)
  }
  return 'nothing thrown'
}
