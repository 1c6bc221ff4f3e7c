import { fromCallback } from 'xstate'
import type { CallEvent, ChildInput, InboundFact } from '../../machines/index.ts'
import type { CallEdge } from '../agents/agent.ts'
import type { SessionOf } from './call-session.ts'

/** The `inbound` actor: tells the chart what the far end does, while the call is active. */
export function createInboundActor(sessionOf: SessionOf) {
  return fromCallback<CallEvent, ChildInput, InboundFact>(({ input, sendBack }) => {
    return sessionOf(input.callId).onEdge((edge) => {
      const fact = toInboundFact(edge)
      if (fact !== undefined) sendBack(fact)
    })
  })
}

/** The chart hears that a digit came, not which: it may be somebody's PIN. */
function toInboundFact(edge: CallEdge): InboundFact | undefined {
  switch (edge.type) {
    case 'media.silent':
    case 'media.resumed':
    case 'speech.started':
    case 'speech.ended':
      return edge
    case 'digit.received':
      return { type: 'digit.received' }
    default:
      return undefined
  }
}
