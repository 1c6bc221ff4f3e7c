import { fromCallback } from 'xstate'
import type { CallEvent, ChildInput, OutboundFact } from '../../machines/index.ts'
import type { CallEdge } from '../agents/agent.ts'
import type { SessionOf } from './call-session.ts'

/**
 * The `outbound` actor: tells the chart what the far end hears. Invoked again while draining, it says at once when
 * nothing is left to be heard, or nobody there to hear it.
 */
export function createOutboundActor(sessionOf: SessionOf) {
  return fromCallback<CallEvent, ChildInput, OutboundFact>(({ input, sendBack }) => {
    const session = sessionOf(input.callId)
    const { outbound, stream } = session.plane
    if (input.isDraining === true && (outbound.isDrained || stream === undefined)) {
      sendBack({ type: 'playback.drained' })
      return undefined
    }
    return session.onEdge((edge) => {
      if (isOutboundFact(edge)) sendBack(edge)
    })
  })
}

function isOutboundFact(edge: CallEdge): edge is Extract<CallEdge, OutboundFact> {
  return edge.type.startsWith('playback.') || edge.type.startsWith('queue.')
}
