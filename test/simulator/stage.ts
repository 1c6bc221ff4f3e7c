/** A virtual clock, a simulated carrier on it, and a small server to call: set up, cleared away, and checked for leaks. */

import { expect } from 'vitest'
import {
  createSimulatedCarrier,
  type Person,
  type SimulatedCall,
  type SimulatedCarrier,
  type SimulatedCarrierOptions,
  VirtualClock,
} from '../../src/simulator/index.ts'
import { type SmallServer, type SmallServerOptions, startSmallServer } from './small-server.ts'

export interface Stage {
  readonly clock: VirtualClock
  readonly carrier: SimulatedCarrier
  readonly server: SmallServer
  readonly caller: Person
  /** Calls the server, and waits for the media stream if there is one. */
  readonly dial: () => Promise<SimulatedCall>
}

export interface StageOptions {
  readonly server?: SmallServerOptions
  readonly carrier?: SimulatedCarrierOptions
}

export const CALLER = '+15550001111'
export const OUR_NUMBER = '+15550100000'

/** Plays a story; whatever calls it leaves are ended, and after a story that went well no timer may be left. */
export async function onStage(options: StageOptions, story: (stage: Stage) => Promise<void>): Promise<void> {
  const clock = new VirtualClock()
  const server = await startSmallServer(options.server)
  const carrier = await createSimulatedCarrier({ clock, ...options.carrier })
  const caller = carrier.caller(CALLER)
  const dial = async (): Promise<SimulatedCall> => {
    const call = await caller.dials(OUR_NUMBER, { voiceUrl: server.voiceUrl })
    await clock.advance(50)
    return call
  }
  try {
    await story({ clock, carrier, server, caller, dial })
    for (const call of carrier.calls) call.finish({ status: 'completed', by: 'carrier' })
    await carrier.close()
    expect(clock.pending).toBe(0)
  } finally {
    await carrier.close().catch(() => undefined)
    await server.close()
  }
}
