import { callMachine, carrierRecordingMachine, transferMachine } from '../../machines/index.ts'
import { createAgentActor } from './agent.ts'
import type { SessionOf } from './call-session.ts'
import { type CarrierActorOptions, createCarrierActor } from './carrier.ts'
import { createInboundActor } from './inbound.ts'
import { createOutboundActor } from './outbound.ts'
import { createReleaseActor } from './release.ts'
import { createTurnActor } from './turn.ts'

/** The call's statechart with everything it invokes, once for all calls: an actor learns from its input whose it is. */
export function provideCallMachine(options: CarrierActorOptions) {
  const sessionOf: SessionOf = (callId) => {
    const session = options.findSession(callId)
    if (session === undefined) throw new Error(`expected a session for ${callId}, found none`)
    return session
  }
  const carrier = createCarrierActor(options)
  return callMachine.provide({
    actors: {
      carrier,
      turn: createTurnActor(sessionOf, options.pacer),
      transfer: transferMachine.provide({ actors: { carrier } }),
      recording: carrierRecordingMachine.provide({
        actors: { carrier },
        actions: { tell: ({ context }, news) => sessionOf(context.callId).noteRecording(news) },
      }),
      inbound: createInboundActor(sessionOf),
      outbound: createOutboundActor(sessionOf),
      agent: createAgentActor(sessionOf),
      release: createReleaseActor(sessionOf),
    },
    actions: {
      cutSpeech: ({ context }) => sessionOf(context.id).plane.outbound.cut(),
      detachStream: ({ context }) => sessionOf(context.id).dropStream(),
      holdLine: ({ context }) => sessionOf(context.id).beginHold(),
      resumeLine: ({ context }) => sessionOf(context.id).endHold(),
      tellPresumed: ({ context }) => sessionOf(context.id).presumeBridged(),
      tellRecording: ({ context }, news) => sessionOf(context.id).noteRecording(news),
      tellTransfer: ({ context }, output) => sessionOf(context.id).noteTransferEnded(output),
    },
  })
}
