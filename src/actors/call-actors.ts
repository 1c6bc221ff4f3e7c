import { callMachine } from '../../machines/index.ts'
import { createAgentActor } from './agent.ts'
import type { SessionOf } from './call-session.ts'
import { type CarrierActorOptions, createCarrierActor } from './carrier.ts'
import { createInboundActor } from './inbound.ts'
import { createOutboundActor } from './outbound.ts'
import { createReleaseActor } from './release.ts'

/** The call's statechart with everything it invokes, once for all calls: an actor learns from its input whose it is. */
export function provideCallMachine(options: CarrierActorOptions) {
  const sessionOf: SessionOf = (callId) => {
    const session = options.findSession(callId)
    if (session === undefined) throw new Error(`expected a session for ${callId}, found none`)
    return session
  }
  return callMachine.provide({
    actors: {
      carrier: createCarrierActor(options),
      inbound: createInboundActor(sessionOf),
      outbound: createOutboundActor(sessionOf),
      agent: createAgentActor(sessionOf),
      release: createReleaseActor(sessionOf),
    },
    actions: { detachStream: ({ context }) => sessionOf(context.id).plane.detach() },
  })
}
